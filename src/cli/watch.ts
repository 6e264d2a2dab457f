/** `sommelier watch ARN`: follows one piece of work to its end, with a bar on a terminal and plain lines elsewhere. */
import { Refusal } from '../lib/refusal.ts'
import { command, wholeNumber } from './command.ts'
import type { Io } from './io.ts'
import { nameOf, outcome, ProgressLine } from './progressLine.ts'
import { duration, styleOf } from './text.ts'
import { UnreachableError, type Wire, type WorkItem } from './wire.ts'

/** Four times a second: smooth for the eye, a thousandth of what the server can answer. */
const POLL_MS = 250

/** How long a server may be away before we give up: a restart takes a second and goes on with the work; a reboot takes a minute. */
const AWAY_MS_MAX = 120_000

/** A quick restart, or one answer lost, is not worth a word. */
const AWAY_MS_UNSAID = 2_000

/** A job of fifty million records takes hours; one that takes days is stuck, and whoever waits for it wants to hear that. */
const TIMEOUT_SECONDS_DEFAULT = 48 * 3600
const TIMEOUT_SECONDS_MOST = 30 * 86_400

export const watch = command({
  usage: 'watch ARN [--timeout SECONDS] [--endpoint URL]',
  summary: 'Follows an import, a training or a batch job to its end.',
  details: [
    'ARN is what the Create operation answered with, or the last column of `sommelier jobs`. Ends with exit code 0 when it is done',
    '(ACTIVE, COMPLETED), 1 when it fails or is stopped, 2 when there is nothing to watch. A server that is restarted meanwhile is waited for.',
    '',
    `  --timeout SECONDS  give up after this long, with exit code 2 (default ${TIMEOUT_SECONDS_DEFAULT})`,
  ],
  flags: { timeout: { type: 'string' } },
  words: 1,
  async run(wire, { words: [arn], flags }, io) {
    const range = { least: 1, most: TIMEOUT_SECONDS_MOST, otherwise: TIMEOUT_SECONDS_DEFAULT }
    const timeoutSeconds = wholeNumber('timeout', flags.timeout, range)
    const work = await follow(wire, arn, io, { timeoutSeconds })
    return wentWell(work) ? 0 : 1
  },
})

/** The resource's status alone would not do: a campaign whose update failed stays ACTIVE, and work that was stopped is DONE. */
const wentWell = ({ state, resourceStatus }: WorkItem): boolean =>
  state === 'DONE' && !resourceStatus.endsWith('STOPPED')

/**
 * Draws the work named `arn` until it is done or has failed, and answers with how it ended. `label` stands before the progress (default:
 * the resource's name). Throws Refusal after `timeoutSeconds`, WireError for what does not exist, UnreachableError for a server that
 * stays away.
 */
export async function follow(
  wire: Wire,
  arn: string,
  io: Io,
  options: { timeoutSeconds: number; label?: string },
): Promise<WorkItem> {
  const label = options.label ?? nameOf(arn)
  const line = new ProgressLine(io, label)
  const startMs = io.clock.nowMs()
  let lastSeenMs: number | undefined
  try {
    for (;;) {
      try {
        const work = await wire.describeWork(arn)
        lastSeenMs = io.clock.nowMs()
        if (work.state === 'DONE' || work.state === 'FAILED') {
          const { green, red } = styleOf(io.out, io.env)
          line.finish(`${(wentWell(work) ? green : red)(label)}  ${outcome(work)}`)
          return work
        }
        line.update(work)
      } catch (error) {
        if (!(error instanceof UnreachableError) || lastSeenMs === undefined) throw error
        const awayMs = io.clock.nowMs() - lastSeenMs
        if (awayMs > AWAY_MS_MAX) throw error
        if (awayMs >= AWAY_MS_UNSAID) line.away(awayMs / 1000)
      }
      if (io.clock.nowMs() - startMs > options.timeoutSeconds * 1000) {
        throw new Refusal(
          `${label} was not done after ${duration(options.timeoutSeconds)}; the server goes on with it.`,
        )
      }
      await io.wait(POLL_MS)
    }
  } catch (error) {
    line.clear()
    throw error
  }
}
