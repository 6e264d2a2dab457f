/**
 * The lines of one input's answer, in its order, in the style of the reference (a space after `:` and after `,` between members; observed,
 * spec/batch-segments.md §3):
 *
 *   {"input": <the record as it came>, "output": {"usersList": ["…","…",…]}, "error": null}
 *   {"input": <the record, or its text as a string>, "output": null, "error": "<what was wrong at which line>"}
 */
import { bestRows } from '../../models/bestRows.ts'
import { userAffinities } from '../../models/userAffinity.ts'
import type { SavedModel } from '../../recipes/modelFile.ts'
import { placeFilter, RecordFilter } from '../batchInference/filtering.ts'
import type { ComputeContext } from '../computeContext.ts'
import type { SegmentDescription } from './description.ts'
import type { SegmentLine } from './lines.ts'
import { type SegmentQuery, segmentQueries } from './queries.ts'

/** Scores held at once, four bytes each: 512 MB, or one segment of as many users as there are. */
const SCORE_COUNT_MAX = 128 * 1024 * 1024
/** Output is handed on in pieces of about this size. */
const CHUNK_CHARACTERS = 64 * 1024

interface Counts {
  records: number
  failed: number
  bytes: number
}

export class SegmentWriter {
  readonly counts: Counts = { records: 0, failed: 0, bytes: 0 }
  readonly #description: SegmentDescription
  readonly #saved: SavedModel
  readonly #context: ComputeContext
  readonly #answered: (counts: Counts) => void

  constructor(
    description: SegmentDescription,
    saved: SavedModel,
    context: ComputeContext,
    answered: (counts: Counts) => void,
  ) {
    this.#description = description
    this.#saved = saved
    this.#context = context
    this.#answered = answered
  }

  async *answers(lines: readonly SegmentLine[]): AsyncGenerator<Buffer> {
    const { filter, items } = this.#description
    const { users } = this.#saved
    const records = lines.map(({ record }) => record)
    const numbers = lines.map(({ number }) => number)
    const queries = await segmentQueries(records, numbers, this.#saved, items, this.#context)
    const masks = filter && new RecordFilter(await placeFilter(filter, users, this.#context, { threads: 1 }))
    const together = Math.max(1, Math.floor(SCORE_COUNT_MAX / Math.max(1, users.size)))
    for (let from = 0; from < lines.length; from += together) {
      const group = lines.slice(from, from + together)
      const affinities = await this.#affinities(queries.slice(from, from + together))
      for (const [i, line] of group.entries()) {
        const affinity = affinities[i]
        const allowed = affinity && masks?.allowed({ item: -1 }, line.record.filterValues)
        const fault =
          queries[from + i].fault ?? (typeof allowed === 'string' ? `Line ${line.number}: ${allowed}` : undefined)
        const answer =
          fault === undefined
            ? this.#segment(line, affinity!, typeof allowed === 'object' ? allowed.rows : undefined)
            : faultLine(line, fault)
        for (const piece of answer) {
          const bytes = Buffer.from(piece)
          this.counts.bytes += bytes.length
          yield bytes
        }
        this.counts.records++
        if (fault !== undefined) this.counts.failed++
        this.#answered(this.counts)
      }
    }
  }

  /** Of each query that can be answered. */
  async #affinities(queries: readonly SegmentQuery[]): Promise<(Float32Array | undefined)[]> {
    const { model, histories } = this.#saved
    const targets = queries.flatMap(({ target }) => (target ? [target] : []))
    const found = (await userAffinities(model, histories, targets, this.#context)).values()
    return queries.map(({ target }) => target && found.next().value)
  }

  *#segment({ echo }: SegmentLine, affinity: Float32Array, allowed: Uint32Array | undefined): Generator<string> {
    const { users } = this.#saved
    let text = `{"input": ${echo}, "output": {"usersList": [`
    const best = bestRows(affinity, this.#description.numResults, allowed)
    for (let place = 0; place < best.length; place++) {
      text += `${place === 0 ? '' : ','}${JSON.stringify(users.idAt(best[place]))}`
      if (text.length < CHUNK_CHARACTERS) continue
      yield text
      text = ''
    }
    yield `${text}]}, "error": null}\n`
  }
}

const faultLine = ({ echo }: SegmentLine, fault: string): string[] => [
  `{"input": ${echo}, "output": null, "error": ${JSON.stringify(fault)}}\n`,
]
