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

/** A shorter bar tells less than its percentage. */
const BAR_CELLS_MIN = 8

const PERCENT_CELLS = 5

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

/** How far it is, largest matter first; the empty text where there is nothing to say. */
interface Measures {
  /** '2,850 of 5,000 records' */
  readonly counted: string
  /** '3,412/s' */
  readonly rate: string
  /** '10 min left' */
  readonly left: string
  /** '12 failed' */
  readonly failures: string
}

/** Of work that has ended only what it made, '5,000 records': what a last stage had last reported is no news any more. */
function measuresOf(work: WorkItem): Measures {
  const { state, done = 0, total, unit = 'steps', perSecond = 0, secondsLeft, failed = 0 } = work
  const failures = failed > 0 ? `${count(failed)} failed` : ''
  if (state === 'DONE' || state === 'FAILED') {
    const whole = done > 0 && done === total && OUTCOME_UNITS.has(unit)
    return { counted: whole ? `${count(done)} ${printable(unit)}` : '', rate: '', left: '', failures }
  }
  const of = total === undefined ? '' : ` of ${count(total)}`
  return {
    counted: work.done === undefined ? '' : `${count(done)}${of} ${printable(unit)}`,
    rate: perSecond > 0 ? `${perSecond < 10 ? perSecond.toFixed(1) : count(perSecond)}/s` : '',
    left: secondsLeft !== undefined && state === 'RUNNING' ? `${duration(secondsLeft)} left` : '',
    failures,
  }
}

export const progressParts = (work: WorkItem): string[] => Object.values(measuresOf(work)).filter(part => part !== '')

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

/** Between cells. */
const GAP = 2

interface Cell {
  readonly text: string
  /** Those of low rank are shown first. */
  readonly rank: number
  readonly style?: 'dim'
}

export class ProgressLine {
  readonly #io: Io
  readonly #name: string
  readonly #inPlace: boolean
  #stage: string | undefined
  #plan: string | undefined
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
    this.#tellPlan(work.plan)
    if (this.#inPlace) {
      this.#io.out.write(CLEAR_LINE + this.#inOneLine(stage, work))
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
    if (this.#inPlace) this.#io.out.write(CLEAR_LINE + this.#fitted([{ text, rank: 0 }]))
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

  /** Once, in a line that stays: who comes late wants to know it, too. */
  #tellPlan(plan: string | undefined): void {
    if (plan === undefined || plan === this.#plan) return
    this.#plan = plan
    const [clear, colon] = this.#inPlace ? [CLEAR_LINE, ' '] : ['', ':']
    this.#io.out.write(`${clear}${this.#name}${colon} planned: ${printable(plan)}\n`)
  }

  /** Where not everything fits, what is left of the time is wanted most, and the stage least; the bar is as long as there is room. */
  #inOneLine(stage: string, work: WorkItem): string {
    const { counted, rate, left, failures } = measuresOf(work)
    const { done = 0, total } = work
    const percent = total ? `${Math.floor((done * 100) / total)} %`.padStart(PERCENT_CELLS) : ''
    const share = total ? done / total : undefined
    const cells: Cell[] = [
      { text: percent, rank: 0 },
      { text: stage, rank: 5, style: 'dim' },
      { text: counted, rank: 2 },
      { text: rate, rank: 3 },
      { text: left, rank: 1 },
      { text: failures, rank: 4 },
    ]
    return this.#fitted(cells, share)
  }

  /** The name, a bar of `share`, and those of `cells` that fit in the terminal's width: a line that wraps could not be redrawn in place. */
  #fitted(cells: readonly Cell[], share?: number): string {
    const style = styleOf(this.#io.out, this.#io.env)
    let room = (this.#io.out.columns || DEFAULT_COLUMNS) - 1
    const name = this.#name.slice(0, room)
    room -= name.length
    const barCells = share === undefined ? 0 : GAP + BAR_CELLS_MIN
    const shown = new Set<Cell>()
    for (const cell of cells.toSorted((a, b) => a.rank - b.rank)) {
      const width = GAP + cell.text.length
      // The percentage and the time left may have the room of the bar.
      if (cell.text === '' || width > room - (cell.rank > 1 ? barCells : 0)) continue
      room -= width
      shown.add(cell)
    }
    const line = [style.bold(name)]
    if (share !== undefined && room >= barCells) line.push(bar(share, Math.min(BAR_CELLS, room - GAP)))
    for (const cell of cells) if (shown.has(cell)) line.push(cell.style ? style[cell.style](cell.text) : cell.text)
    return line.join(' '.repeat(GAP))
  }
}
