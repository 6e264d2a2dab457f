/**
 * One piece of work, watched: a bar that is redrawn in place on a terminal; elsewhere (a file, a pipe, CI) a plain line now and then, so
 * that a job of hours leaves a log one can read.
 */
import type { Io } from './io.ts'
import { bar, count, duration, printable, styleOf } from './text.ts'
import type { WorkItem } from './wire.ts'

/** Between plain lines of one stage. A log of a ten-hour job stays under 4,000 lines. */
const PLAIN_LINE_MS = 10_000

const BAR_CELLS = 24

/** What the owner of a job counts it by. Of a job that has ended, other units (bytes, parts, steps) tell only how its last stage went. */
const OUTCOME_UNITS = new Set(['records', 'rows'])

/** Where a terminal does not say how wide it is (or says 0): the width every terminal has had since the VT100. */
const DEFAULT_COLUMNS = 80

/** Stands for a stage while the server is away: no stage of work has this name. */
const AWAY = ''

/** Clears the line the cursor is in and returns to its beginning (ECMA-48, EL). */
const CLEAR_LINE = '\r\x1b[2K'

/** `nightly` of `arn:aws:personalize:us-east-1:000000000000:batch-inference-job/nightly`. */
export const nameOf = (arn: string): string => printable(arn.slice(arn.indexOf('/') + 1))

/**
 * How far it is, largest matter first: '2,850 of 5,000 records', '3,412/s', '10 min left', '12 failed'. Of work that has ended only what it
 * made, '5,000 records': what a last stage had last reported is no news any more.
 */
export function progressParts(work: WorkItem): string[] {
  const { state, done = 0, total, unit = 'steps', perSecond = 0, secondsLeft, failed = 0 } = work
  const parts: string[] = []
  if (state === 'DONE' || state === 'FAILED') {
    if (done > 0 && done === total && OUTCOME_UNITS.has(unit)) parts.push(`${count(done)} ${printable(unit)}`)
  } else {
    if (work.done !== undefined) {
      parts.push(`${count(done)}${total === undefined ? '' : ` of ${count(total)}`} ${printable(unit)}`)
    }
    if (perSecond > 0) parts.push(`${perSecond < 10 ? perSecond.toFixed(1) : count(perSecond)}/s`)
    if (secondsLeft !== undefined && state === 'RUNNING') parts.push(`${duration(secondsLeft)} left`)
  }
  if (failed > 0) parts.push(`${count(failed)} failed`)
  return parts
}

/** The last word on a piece of work: what became of its resource, after how long, with how much done. */
export function outcome(work: WorkItem): string {
  const { startedAt, finishedAt, failureReason, unit, done = 0, failed } = work
  const took = startedAt !== undefined && finishedAt !== undefined ? ` after ${duration(finishedAt - startedAt)}` : ''
  if (work.state === 'FAILED' && work.resourceStatus === 'ACTIVE')
    return `ACTIVE as before${took}: the change failed, its Describe operation says why`
  const detail = failureReason === undefined ? progressParts(work).join(', ') : printable(failureReason)
  // A bad line does not fail a job; when every line is bad, 'ACTIVE' alone would mislead.
  const nobody = unit === 'records' && done > 0 && failed === done
  const advice = nobody ? ': no record could be answered, the first error is in the output' : ''
  return `${printable(work.resourceStatus)}${took}${detail === '' ? '' : `: ${detail}${advice}`}`
}

export class ProgressLine {
  readonly #io: Io
  readonly #name: string
  readonly #inPlace: boolean
  #stage: string | undefined
  #lastMs = Number.NEGATIVE_INFINITY

  /** `name` stands before everything that is said. */
  constructor(io: Io, name: string) {
    this.#io = io
    this.#name = name
    this.#inPlace = io.out.isTTY === true
  }

  /** Draws the state of things; away from a terminal only when the stage changed or some time has passed. */
  update(work: WorkItem): void {
    const stage = work.state === 'QUEUED' ? 'waiting for its turn' : printable(work.stage ?? 'starting')
    if (this.#inPlace) {
      this.#io.out.write(CLEAR_LINE + this.#fitted([...this.#bar(work), [stage, 'dim'], ...progressParts(work)]))
      return
    }
    const now = this.#io.clock.nowMs()
    if (stage === this.#stage && now - this.#lastMs < PLAIN_LINE_MS) return
    this.#stage = stage
    this.#lastMs = now
    this.#io.out.write(`${[`${this.#name}: ${stage}`, ...progressParts(work)].join(', ')}\n`)
  }

  /** The server has not answered for `seconds`: drawn in place of the bar; away from a terminal said once, until the next update. */
  away(seconds: number): void {
    const text = `no answer from the server for ${duration(seconds)}; waiting`
    if (this.#inPlace) this.#io.out.write(CLEAR_LINE + this.#fitted([text]))
    else if (this.#stage !== AWAY) this.#io.out.write(`${this.#name}: ${text}\n`)
    this.#stage = AWAY
  }

  /** Replaces the bar by a last line, or ends the log with it. */
  finish(text: string): void {
    this.#io.out.write(`${this.#inPlace ? CLEAR_LINE : ''}${text}\n`)
  }

  /** The cursor at the beginning of an empty line, for whoever speaks next. */
  clear(): void {
    if (this.#inPlace) this.#io.out.write(CLEAR_LINE)
  }

  #bar({ done = 0, total }: WorkItem): string[] {
    return total ? [bar(done / total, BAR_CELLS), `${Math.floor((done * 100) / total)} %`.padStart(5)] : []
  }

  /** The name and as many of `cells` as fit in the terminal's width: a line that wraps could not be redrawn in place. */
  #fitted(cells: readonly (string | [text: string, style: 'dim'])[]): string {
    const style = styleOf(this.#io.out, this.#io.env)
    const room = (this.#io.out.columns || DEFAULT_COLUMNS) - 1
    const name = this.#name.slice(0, room)
    let line = style.bold(name)
    let width = name.length
    for (const cell of cells) {
      const [text, painted] = typeof cell === 'string' ? [cell, cell] : [cell[0], style[cell[1]](cell[0])]
      width += 2 + text.length
      if (width > room) break
      line += `  ${painted}`
    }
    return line
  }
}
