/**
 * The lines of one input's answer, in its order, in the style of the reference (a space after `:` and after `,` between members; observed,
 * spec/batch-segments.md §3):
 *
 *   {"input": <the record as it came>, "output": {"usersList": ["…","…",…]}, "error": null}
 *   {"input": <the record, or its text as a string>, "output": null, "error": "<what was wrong at which line>"}
 */
import { openUserRanking, type UserRanking } from '../../models/userRanking.ts'
import type { SavedModel } from '../../recipes/modelFile.ts'
import { placeFilter, RecordFilter } from '../batchInference/filtering.ts'
import type { ComputeContext } from '../computeContext.ts'
import type { SegmentDescription } from './description.ts'
import type { IdTexts } from './idTexts.ts'
import type { SegmentLine } from './lines.ts'
import { type SegmentQuery, segmentQueries } from './queries.ts'

interface Counts {
  records: number
  failed: number
  bytes: number
}

/** A record as it is answered: with users, of `allowed` where there is a filter; or with a sentence. */
interface Asked {
  readonly line: SegmentLine
  readonly target?: Float32Array
  readonly allowed?: Uint32Array
  readonly fault?: string
}

export class SegmentWriter {
  readonly counts: Counts = { records: 0, failed: 0, bytes: 0 }
  readonly #description: SegmentDescription
  readonly #saved: SavedModel
  readonly #texts: IdTexts
  readonly #context: ComputeContext
  readonly #answered: (counts: Counts) => void

  constructor(
    description: SegmentDescription,
    saved: SavedModel,
    texts: IdTexts,
    context: ComputeContext,
    answered: (counts: Counts) => void,
  ) {
    this.#description = description
    this.#saved = saved
    this.#texts = texts
    this.#context = context
    this.#answered = answered
  }

  async *answers(lines: readonly SegmentLine[]): AsyncGenerator<Buffer> {
    if (lines.length === 0) return
    const { filter, items, numResults } = this.#description
    const { users, model, histories } = this.#saved
    const records = lines.map(({ record }) => record)
    const numbers = lines.map(({ number }) => number)
    const queries = await segmentQueries(records, numbers, this.#saved, items, this.#context)
    const masks = filter && new RecordFilter(await placeFilter(filter, users, this.#context, { threads: 1 }))
    const { threads, signal } = this.#context
    const options = { threads, signal, targetCount: lines.length, k: numResults }
    const ranking = await openUserRanking(model, histories, options)
    try {
      for (let from = 0; from < lines.length; from += ranking.targetsMax) {
        const group = lines.slice(from, from + ranking.targetsMax)
        yield* this.#group(
          group.map((line, i) => askedOf(line, queries[from + i], masks)),
          ranking,
        )
      }
    } finally {
      await ranking.close()
    }
  }

  async *#group(group: readonly Asked[], ranking: UserRanking): AsyncGenerator<Buffer> {
    const targets = group.flatMap(({ target }) => (target ? [target] : []))
    const allowed = group.flatMap(each => (each.allowed ? [each.allowed] : []))
    const segments = (await ranking.best(targets, allowed.length > 0 ? allowed : undefined)).values()
    for (const { line, target, fault } of group) {
      const answer = target ? this.#segment(line, segments.next().value!) : [faultLine(line, fault!)]
      for (const bytes of answer) {
        this.counts.bytes += bytes.length
        yield bytes
      }
      this.counts.records++
      if (!target) this.counts.failed++
      this.#answered(this.counts)
    }
  }

  *#segment({ echo }: SegmentLine, users: Uint32Array): Generator<Buffer> {
    yield Buffer.from(`{"input": ${echo}, "output": {"usersList": [`)
    yield* this.#texts.of(users)
    yield Buffer.from(']}, "error": null}\n')
  }
}

function askedOf(line: SegmentLine, { target, fault }: SegmentQuery, masks: RecordFilter | undefined): Asked {
  if (!target) return { line, fault }
  if (!masks) return { line, target }
  const allowed = masks.allowed({ item: -1 }, line.record.filterValues)
  return typeof allowed === 'string'
    ? { line, fault: `Line ${line.number}: ${allowed}` }
    : { line, target, allowed: allowed.rows }
}

const faultLine = ({ echo }: SegmentLine, fault: string): Buffer =>
  Buffer.from(`{"input": ${echo}, "output": null, "error": ${JSON.stringify(fault)}}\n`)
