/** What every command of the command line has in common: its words, its flags, and what becomes of a mistake. */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { Refusal } from '../lib/refusal.ts'
import type { Io } from './io.ts'
import { DEFAULT_ENDPOINT, openWire, signerOf, type Wire } from './wire.ts'

/** 128 + SIGINT, as a shell has it. */
const EXIT_INTERRUPTED = 130

export interface Command {
  /** One line in the list of commands. */
  readonly summary: string
  /** The exit code: 0 when it went well, 1 when the answer is no, 2 when the question was wrong, 130 after Control-C. */
  run(args: string[], io: Io): Promise<number>
}

interface Given {
  readonly words: string[]
  readonly flags: Record<string, unknown>
}

interface CommonParts {
  /** `sommelier ` and this: 'watch ARN [options]'. */
  readonly usage: string
  readonly summary: string
  /** What a reader of `--help` wants to know beyond the summary, line by line. */
  readonly details: readonly string[]
  readonly flags: ParseArgsOptionsConfig
  /** How many words that are not flags. */
  readonly words: number | readonly number[]
}

interface LocalParts extends CommonParts {
  run(given: Given, io: Io): Promise<number>
}

interface CommandParts extends CommonParts {
  run(wire: Wire, given: Given, io: Io): Promise<number>
}

/** A command of the wire: opens it, signing what it asks when the environment has AWS's variables for that. */
export function command(parts: CommandParts): Command {
  const endpointDetail = `  --endpoint URL   the server to ask (default: the variable SOMMELIER_ENDPOINT, or else ${DEFAULT_ENDPOINT})`
  return localCommand({
    ...parts,
    details: [...parts.details, endpointDetail],
    flags: { ...parts.flags, endpoint: { type: 'string' } },
    async run(given, io) {
      const endpoint = (given.flags.endpoint as string | undefined) ?? (io.env.SOMMELIER_ENDPOINT || DEFAULT_ENDPOINT)
      return parts.run(openWire(endpoint, io.signal, signerOf(io)), given, io)
    },
  })
}

/** A command: reads its arguments, and turns a Refusal into a sentence on standard error. */
export function localCommand(parts: LocalParts): Command {
  const usage = `usage: sommelier ${parts.usage}\n`
  return {
    summary: parts.summary,
    async run(args, io) {
      let given: Given
      try {
        const flags = { ...parts.flags, help: { type: 'boolean', short: 'h' } } as const
        const { values, positionals } = parseArgs({ args, options: flags, allowPositionals: true })
        given = { words: positionals, flags: values }
      } catch (error) {
        io.err.write(`${(error as Error).message}\n${usage}`)
        return 2
      }
      if (given.flags.help) {
        io.out.write(`${usage}\n${parts.summary}\n\n${[...parts.details, '  --help           this text'].join('\n')}\n`)
        return 0
      }
      if (![parts.words].flat().includes(given.words.length)) {
        io.err.write(usage)
        return 2
      }
      try {
        return await parts.run(given, io)
      } catch (error) {
        if (io.signal.aborted) return EXIT_INTERRUPTED
        if (!(error instanceof Refusal)) throw error
        io.err.write(`${error.message}\n`)
        return 2
      }
    },
  }
}

/** The whole number a flag carries. Throws Refusal unless it is in [least, most]. */
export function wholeNumber(
  flag: string,
  text: unknown,
  range: { least: number; most: number; otherwise: number },
): number {
  if (text === undefined) return range.otherwise
  const value = /^\d{1,15}$/.test(String(text)) ? Number(text) : Number.NaN
  if (value >= range.least && value <= range.most) return value
  throw new Refusal(`--${flag} takes a whole number from ${range.least} to ${range.most}; it was given '${text}'.`)
}
