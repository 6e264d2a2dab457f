/** The server of the bench, in a process of its own: says its port, and on each message what processor time it has used so far. */
import { startApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { createLog } from '../../src/lib/log.ts'

const [folder] = process.argv.slice(2)
const off = 'schemas=off,pendingImportJobs=off'
const app = await startApp(
  readConfig(['--port', '0', '--data', folder, '--limits', off, '--auth', 'off'], {}),
  createLog(),
)
process.send!(app.port)
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send!((user + system) / 1e6)
})
process.on('disconnect', () => void app.stop())
