/**
 * The object store's contract against a server that is not ours: makes a Python environment with moto in build/moto (once), starts its S3,
 * and runs test/objects/s3Real.test.ts, or the command given, with SOMMELIER_TEST_S3_ENDPOINT set.
 *
 *   node scripts/withMoto.mjs [command …]
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { root, startMoto } from './python.mjs'

const node = join(root, 'node_modules/.bin/node')
const command = process.argv.length > 2 ? process.argv.slice(2) : [node, '--test', 'test/objects/s3Real.test.ts']

const { endpoint, stop } = await startMoto()
let status = 1
try {
  const variables = { SOMMELIER_TEST_S3_ENDPOINT: endpoint, AWS_ACCESS_KEY_ID: 'moto', AWS_SECRET_ACCESS_KEY: 'moto' }
  const [program, ...args] = command
  status = spawnSync(program, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...variables } }).status ?? 1
} finally {
  stop()
}
process.exit(status)
