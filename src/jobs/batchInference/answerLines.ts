/** What the answerers of a shard share: the walk from blocks of records to pieces of output, and the time by what is being done. */
import {
  ANSWER_NONE,
  RECORD_ANSWER,
  RECORD_END,
  RECORD_LINE,
  RECORD_START,
  RECORD_WORDS,
} from '../../kernels/byteParameters.ts'
import { assert } from '../../lib/assert.ts'
import { stopwatchSeconds } from '../../lib/clock.ts'
import { faultLine } from './answers.ts'
import type { ByteBlocks, Fill } from './byteBlocks.ts'
import { noSeconds, type Stage, type StageSeconds } from './description.ts'
import { afterByteOrderMark, type ParsedRecord, parseRecord, type RecordKind } from './records.ts'

/** The lines to answer and who wants to know how far that is. */
export interface LineSource {
  readonly fill: Fill
  /** The number of the first line. */
  readonly firstLine: number
  readonly clock: StageClock
  answered(records: number, failed: number): void
}

/** A piece of output, valid until the next is asked for. */
export interface Piece {
  readonly bytes: Buffer
  /** Nothing follows it. */
  readonly last: boolean
}

/** What answers a whole shard. */
export interface Answerer {
  answer(source: LineSource): AsyncGenerator<Piece>
}

/** Lines of output that are not the kernels' business, by record of the block. */
export class OwnLines {
  readonly #bytes: ByteBlocks
  readonly #lines = new Map<number, Buffer>()
  failed = 0

  constructor(bytes: ByteBlocks) {
    this.#bytes = bytes
  }

  clear(): void {
    this.#lines.clear()
    this.failed = 0
  }

  /** A record as JSON; undefined, and its line written, where it is bad. */
  parse(record: number, kind: RecordKind): (ParsedRecord & { readonly fault?: undefined }) | undefined {
    const bytes = this.#bytes
    const row = bytes.records.subarray(record * RECORD_WORDS, (record + 1) * RECORD_WORDS)
    const text = this.textOf(record)
    if (row[RECORD_LINE] === 1) row[RECORD_START] += afterByteOrderMark(text, 0, text.length)
    const start = text.length - (row[RECORD_END] - row[RECORD_START])
    const parsed = parseRecord(text, start, text.length, row[RECORD_LINE], kind)
    if (parsed.fault === undefined) return parsed
    this.fail(record, parsed.fault, parsed.echo)
    return undefined
  }

  /** `fault` is a whole sentence, `echo` JSON that stands for the input where that is none. */
  fail(record: number, fault: string, echo?: string): void {
    this.#lines.set(record, faultLine(this.textOf(record), echo, fault))
    this.failed++
  }

  /** As `fail`; the sentence gets the number of the line. */
  failAtLine(record: number, problem: string): void {
    this.fail(record, `Line ${this.#bytes.records[record * RECORD_WORDS + RECORD_LINE]}: ${problem}`)
  }

  set(record: number, line: Buffer): void {
    this.#lines.set(record, line)
  }

  at(record: number): Buffer {
    const line = this.#lines.get(record)
    assert(line, 'a record has an answer or a line')
    return line
  }

  textOf(record: number): Buffer {
    const row = this.#bytes.records.subarray(record * RECORD_WORDS, (record + 1) * RECORD_WORDS)
    return this.#bytes.inputOf(row[RECORD_START], row[RECORD_END])
  }
}

/** `answerBlock` gives every record of a block an answer (ByteBlocks.answer) or a line of its own. */
export async function* answerLines(
  bytes: ByteBlocks,
  own: OwnLines,
  { fill, firstLine, clock, answered }: LineSource,
  answerBlock: (count: number) => void,
): AsyncGenerator<Piece> {
  const timedFill: Fill = target => {
    clock.enter('read')
    const read = fill(target)
    if (typeof read !== 'number') return read.finally(() => clock.enter('parse'))
    clock.enter('parse')
    return read
  }
  function* taken(last = false): Generator<Piece> {
    clock.enter('write')
    yield { bytes: bytes.take(), last }
    clock.enter('format')
  }
  clock.enter('parse')
  for await (const count of bytes.blocks(timedFill, firstLine)) {
    if (!bytes.roomy) yield* taken()
    own.clear()
    answerBlock(count)
    clock.enter('format')
    for (let record = 0; record < count; ) {
      const next = write(bytes, own, record, count)
      if (next === record) yield* taken()
      record = next
    }
    answered(count, own.failed)
    clock.enter('parse')
  }
  yield* taken(true)
}

/** Writes records from `record` on; answers which is the next one. The same one when there is no room. */
function write(bytes: ByteBlocks, own: OwnLines, record: number, count: number): number {
  if (bytes.records[record * RECORD_WORDS + RECORD_ANSWER] !== ANSWER_NONE) return bytes.write(record, count)
  return bytes.append(own.at(record)) ? record + 1 : record
}

/** The time by what is being done. */
export class StageClock {
  readonly #seconds = noSeconds()
  #stage: Stage = 'read'
  #since = stopwatchSeconds()

  enter(stage: Stage): void {
    const now = stopwatchSeconds()
    this.#seconds[this.#stage] += now - this.#since
    this.#stage = stage
    this.#since = now
  }

  /** Of everything since it was made. */
  stop(): StageSeconds {
    this.enter(this.#stage)
    return { ...this.#seconds }
  }
}
