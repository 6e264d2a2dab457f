import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BLOCK_RECORDS, LINE_BYTES_MAX } from '../../../src/jobs/batchInference/limits.ts'
import { surveyLines } from '../../../src/jobs/batchInference/lines.ts'
import { RECORD_WORDS } from '../../../src/kernels/byteParameters.ts'
import { type Random, seededRandom } from '../../../src/lib/random.ts'
import { fillFrom, openBytes } from './bytes.ts'

async function* inChunks(bytes: Buffer, sizes: () => number): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; ) {
    const size = sizes()
    yield bytes.subarray(start, start + size)
    start += size
  }
}
const whole = (bytes: Buffer) => inChunks(bytes, () => bytes.length)

type Lines = { text: string; number: number }[]

const bytes = openBytes(['1', 'u7'], ['i'])

async function linesOf(chunks: AsyncIterable<Buffer>, firstLine: number): Promise<Lines> {
  const lines: Lines = []
  for await (const count of bytes.blocks(fillFrom(chunks), firstLine)) {
    assert.ok(count > 0 && count <= BLOCK_RECORDS)
    for (let record = 0; record < count; record++) {
      const [start, end, number, plain] = bytes.records.subarray(record * RECORD_WORDS)
      const text = bytes.inputOf(start, end).toString()
      if (plain === 1) assert.match(text, /^\{"userId":"[^"\\]+"\}$/)
      lines.push({ text, number })
    }
  }
  return lines
}

/** What a line is, in one regular expression. */
const plainLines = (text: string): Lines =>
  text
    .split('\n')
    .map((line, i) => ({ text: line.replace(/^[ \t\r]+|[ \t\r]+$/g, ''), number: i + 1 }))
    .filter(line => line.text !== '')

test('blank lines are no records but are counted, and any line end will do', async () => {
  const text = '\n{"userId":"1"}\r\n \t\r\n\n  {"userId":"2"}  \n{"userId":"3"}'
  const expected = [
    { text: '{"userId":"1"}', number: 2 },
    { text: '{"userId":"2"}', number: 5 },
    { text: '{"userId":"3"}', number: 6 },
  ]
  assert.deepEqual(await linesOf(whole(Buffer.from(text)), 1), expected)
  assert.deepEqual(await linesOf(whole(Buffer.from(`${text}\n`)), 1), expected)
  assert.deepEqual(await linesOf(whole(Buffer.from('\n \r\n')), 1), [])
  assert.deepEqual(await linesOf(whole(Buffer.from('')), 1), [])
})

test('an empty input has no shard, a blank one has a shard without records', async () => {
  assert.deepEqual(await surveyLines(whole(Buffer.from('')), 10), [])
  assert.deepEqual(await surveyLines(whole(Buffer.from('\n\n')), 10), [{ start: 0, end: 2, firstLine: 1, records: 0 }])
})

test('a shard ends with the line that fills it', async () => {
  assert.deepEqual(await surveyLines(whole(Buffer.from('aaa\n\nbbbbbb\nc')), 4), [
    { start: 0, end: 4, firstLine: 1, records: 1 },
    { start: 4, end: 12, firstLine: 2, records: 1 },
    { start: 12, end: 13, firstLine: 4, records: 1 },
  ])
})

function randomText(random: Random): string {
  const pieces = ['{"userId":"1"}', '\n', '\n', '\r\n', ' ', '\t', 'é🍷', '\u0000', '\u000b', '\n\n\n']
  let text = ''
  for (let i = random.below(60); i > 0; i--) text += pieces[random.below(pieces.length)]
  return text
}

test('shards of any size, read in chunks of any size, hold every record once, in order and with its number', async () => {
  const random = seededRandom(5)
  for (let round = 0; round < 400; round++) {
    const text = randomText(random)
    const bytes = Buffer.from(text)
    const sizes = () => 1 + random.below(9)
    const shards = await surveyLines(inChunks(bytes, sizes), 1 + random.below(40))
    const found: Lines = []
    let end = 0
    for (const shard of shards) {
      assert.equal(shard.start, end)
      end = shard.end
      const lines = await linesOf(inChunks(bytes.subarray(shard.start, shard.end), sizes), shard.firstLine)
      assert.equal(lines.length, shard.records)
      found.push(...lines)
    }
    assert.equal(end, bytes.length)
    assert.deepEqual(found, plainLines(text))
  }
})

test('of an over-long line the beginning is kept, however it is cut; blank or not, it is a record', async () => {
  const at = (bytes: Buffer, size: number) => inChunks(bytes, () => size)
  for (const filling of ['x', ' ']) {
    for (const excess of [0, 1, 300_000]) {
      const long = filling.repeat(LINE_BYTES_MAX + excess)
      const bytes = Buffer.from(`a\n${long}\nb\n`)
      for (const size of [bytes.length, 65_536, 100_003]) {
        const [shard] = await surveyLines(at(bytes, size), bytes.length)
        const lines = await linesOf(at(bytes, size), 1)
        const isRecord = excess > 0 || filling === 'x'
        assert.equal(shard.records, isRecord ? 3 : 2)
        assert.deepEqual(
          lines.map(({ number }) => number),
          isRecord ? [1, 2, 3] : [1, 3],
        )
        if (isRecord) assert.equal(lines[1].text.length > LINE_BYTES_MAX, excess > 0)
        if (isRecord) assert.ok(long.startsWith(lines[1].text.slice(0, LINE_BYTES_MAX)))
      }
    }
  }
})

test('an endless line takes no memory', async () => {
  const chunk = Buffer.alloc(65_536, 'x')
  async function* endless() {
    for (let i = 0; i < 4096; i++) yield chunk
  }
  const before = process.memoryUsage().rss
  const [{ number, text }] = await linesOf(endless(), 9)
  assert.equal(number, 9)
  assert.equal(text.length, LINE_BYTES_MAX + 1)
  assert.ok(process.memoryUsage().rss - before < 100e6)
})
