/** The arguments of a script that people start by hand: `--help` tells its usage, a mistake is told in one sentence with it. */
import { parseArgs } from 'node:util'

type Config = NonNullable<Parameters<typeof parseArgs>[0]>

/** What parseArgs gives; or the end of the process: with 0 after `--help`, with 2 after something that is not in `config`. */
export function readArguments<const T extends Config>(usage: string, config: T): ReturnType<typeof parseArgs<T>> {
  const args = process.argv.slice(2)
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(usage)
    process.exit(0)
  }
  try {
    return parseArgs(config)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${usage}`)
    process.exit(2)
  }
}
