/** `sommelier serve`: starts the app, says where it is, stops it on a signal. */

import { isLoopback } from './access/configure.ts'
import { type App, startApp } from './app.ts'
import { type Config, readConfig, settings } from './config.ts'
import { createLog } from './lib/log.ts'
import { Refusal } from './lib/refusal.ts'

export async function serve(args: readonly string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(usage())
    return 0
  }
  const log = createLog()
  let config: Config
  let app: App
  try {
    config = readConfig(args, process.env)
    app = await startApp(config, log)
  } catch (error) {
    const sentence = startFailure(error)
    if (sentence === undefined) throw error
    process.stderr.write(`${sentence}\n`)
    return 2
  }
  if (config.auth !== 'strict' && !isLoopback(config.host)) {
    log.warn('listening beyond this machine while signatures are not checked: whoever reaches the port may do anything')
  }
  const host = config.host.includes(':') ? `[${config.host}]` : config.host
  const url = `http://${host}:${app.port}`
  process.stdout.write(
    `sommelier is ready at ${url}, data in ${config.dataFolder}. Try: aws personalize list-recipes --endpoint-url ${url} --region ${config.region}${config.auth === 'off' ? ' --no-sign-request' : ''}\n`,
  )
  await signalled()
  await app.stop()
  return 0
}

/** A sentence for what a person can mend; undefined for our own mistakes. */
function startFailure(error: unknown): string | undefined {
  if (error instanceof Refusal) return error.message
  const { code, address, port, path } = error as NodeJS.ErrnoException & { address?: string; port?: number }
  if (code === 'EADDRINUSE')
    return `Port ${port} of ${address} is in use: choose another with --port, or 0 for a free one.`
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return `This machine has no address '${address}' to listen on: choose another with --host.`
  if (code === 'EACCES' && port !== undefined)
    return `Port ${port} may not be used without more rights: choose one above 1023 with --port.`
  // EEXIST: a file where the folder should be.
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'ENOTDIR' || code === 'EEXIST') {
    return `The data folder cannot be written (${code} at '${path}'): choose another with --data.`
  }
  return undefined
}

/** SIGINT or SIGTERM; a second one does not wait. */
function signalled(): Promise<void> {
  return new Promise(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(1))
        resolve()
      })
    }
  })
}

function usage(): string {
  const rows = settings.map(({ flag, variable, default: value, meaning }) => {
    return `  --${flag} (${variable}${value === '' ? '' : `, default ${value}`})\n      ${meaning}\n`
  })
  return `usage: sommelier serve [options]\n\n${rows.join('')}`
}
