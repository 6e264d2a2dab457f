/** What the bench writes, a piece at a time: events as CSV, records, and the histories of a saved model. */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { coprimeStride } from '../batch/place.ts'
import { eventsMax, type FactorWorld, userId } from './world.ts'

const FIRST_SECOND = 1_700_000_000
const PIECE_BYTES = 2 ** 22
/** A line of a user's, at most: three numbers and a letter. */
const LINE_BYTES_MAX = 64

/** What the first `userCount` users did, as a CSV of INTERACTIONS; some 29 bytes an event. */
export function writeEvents(file: string, { users, events, draw }: FactorWorld, userCount: number): void {
  const items = new Int32Array(eventsMax(events))
  // All but the user is one of few texts.
  const ends = Array.from({ length: items.length }, (_, i) => Buffer.from(`,${FIRST_SECOND + 60 * i},v\n`))
  const writer = new PieceWriter(file)
  writer.text('USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE\n')
  for (let user = 0; user < userCount; user++) {
    const count = draw(user, items)
    for (let i = 0; i < count; i++) {
      writer.begin()
      writer.number(userId(users, user))
      writer.byte(COMMA)
      writer.number(items[i] + 1)
      writer.bytes(ends[i])
    }
  }
  writer.close()
}

/** A record a user: in order, or in one that has nothing to do with it. */
export function writeInput(file: string, users: number, shuffled: boolean): void {
  const stride = shuffled ? coprimeStride(users) : 1
  const [before, after] = ['{"userId":"', '"}\n'].map(text => Buffer.from(text))
  const writer = new PieceWriter(file)
  for (let i = 0; i < users; i++) {
    writer.begin()
    writer.bytes(before)
    writer.number(userId(users, (i * stride) % users))
    writer.bytes(after)
  }
  writer.close()
}

const COMMA = 0x2c
const ZERO = 0x30

class PieceWriter {
  readonly #file: number
  readonly #piece = new Uint8Array(PIECE_BYTES)
  #filled = 0

  constructor(file: string) {
    mkdirSync(dirname(file), { recursive: true })
    this.#file = openSync(file, 'w')
  }

  /** Room for a line. */
  begin(): void {
    if (this.#filled + LINE_BYTES_MAX > PIECE_BYTES) this.#write()
  }

  text(text: string): void {
    this.bytes(Buffer.from(text))
  }

  bytes(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length; i++) this.#piece[this.#filled++] = bytes[i]
  }

  byte(byte: number): void {
    this.#piece[this.#filled++] = byte
  }

  /** In decimal. */
  number(value: number): void {
    let digits = 1
    for (let bound = 10; bound <= value; bound *= 10) digits++
    let rest = value
    for (let at = this.#filled + digits - 1; at >= this.#filled; at--) {
      const next = (rest / 10) | 0
      this.#piece[at] = ZERO + rest - 10 * next
      rest = next
    }
    this.#filled += digits
  }

  close(): void {
    this.#write()
    closeSync(this.#file)
  }

  #write(): void {
    for (let written = 0; written < this.#filled; )
      written += writeSync(this.#file, this.#piece, written, this.#filled - written)
    this.#filled = 0
  }
}

/** Items at a time of `historiesFile`. */
const PIECE_ITEMS = 2 ** 20

/**
 * The histories of everybody as recipes/modelFile.ts saves them, without their ever being in memory: safetensors (models/safetensors.ts).
 * `wholeOf`: the data that they are all events of.
 */
export async function* historiesFile(
  { users, events, offsets, draw }: FactorWorld,
  metadata: Readonly<Record<string, string>>,
): AsyncGenerator<Uint8Array> {
  const itemBytes = 4 * offsets[users]
  const header = Buffer.from(
    JSON.stringify({
      __metadata__: metadata,
      items: { dtype: 'I32', shape: [offsets[users]], data_offsets: [0, itemBytes] },
      offsets: { dtype: 'U32', shape: [users + 1], data_offsets: [itemBytes, itemBytes + offsets.byteLength] },
    }),
  )
  const length = Buffer.alloc(8)
  const padding = (8 - (header.length % 8)) % 8
  length.writeBigUInt64LE(BigInt(header.length + padding))
  yield Buffer.concat([length, header, Buffer.alloc(padding, ' ')])
  let piece = new Int32Array(PIECE_ITEMS)
  let filled = 0
  for (let user = 0; user < users; user++) {
    if (filled + eventsMax(events) > PIECE_ITEMS) {
      yield new Uint8Array(piece.buffer, 0, 4 * filled)
      piece = new Int32Array(PIECE_ITEMS)
      filled = 0
    }
    filled += draw(user, piece.subarray(filled))
  }
  yield new Uint8Array(piece.buffer, 0, 4 * filled)
  for (let user = 0; user <= users; user += PIECE_ITEMS)
    yield new Uint8Array(offsets.slice(user, user + PIECE_ITEMS).buffer)
}
