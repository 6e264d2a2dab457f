/**
 * Lines: what counts as one, and where shards are cut.
 *
 * A line ends with LF or with the input. It is a *record* unless it is blank: nothing but spaces, tabs and CR. A line of more than
 * LINE_BYTES_MAX bytes is a record whatever is in it; of such a line only the beginning is kept. Lines are counted from 1, blank ones too.
 *
 * The survey reads an input once before the work (two or three seconds of CPU per GB) and cuts it into shards at line ends, so that every
 * shard knows the number of its first line, the progress of the job has an exact total, and a file with too many records is refused before
 * any is ranked. What the survey counted and what the shards answer is compared: it cannot differ unless the input changed meanwhile.
 */
import { LINE_BYTES_MAX } from './limits.ts'

export interface Shard {
  /** Bytes [start, end) of the input, whole lines. */
  readonly start: number
  readonly end: number
  readonly firstLine: number
  readonly records: number
}

const LF = 0x0a
const CR = 0x0d
const TAB = 0x09
const SPACE = 0x20

const isBlank = (byte: number): boolean => byte === SPACE || byte === TAB || byte === CR

/** A shard ends with the line that brings it to `shardBytes`. `read` is told of the bytes as they are seen. */
export async function surveyLines(
  chunks: AsyncIterable<Uint8Array>,
  shardBytes: number,
  read: (bytes: number) => void = () => {},
): Promise<Shard[]> {
  const survey: Survey = {
    shards: [],
    shard: { start: 0, firstLine: 1, records: 0 },
    line: 1,
    lineStart: 0,
    blank: true,
  }
  let end = 0
  for await (const chunk of chunks) {
    surveyChunk(survey, chunk, end, shardBytes)
    end += chunk.length
    read(chunk.length)
  }
  const { shards, shard, lineStart, blank } = survey
  if (!blank || end - lineStart > LINE_BYTES_MAX) shard.records++
  if (end > shard.start) shards.push({ ...shard, end })
  return shards
}

interface Survey {
  readonly shards: Shard[]
  /** The one being filled. */
  shard: { start: number; firstLine: number; records: number }
  line: number
  lineStart: number
  /** Whether the line has been blank so far. */
  blank: boolean
}

/** Every byte passes here: a function of its own keeps its state in registers, which a loop between awaits cannot. */
function surveyChunk(survey: Survey, chunk: Uint8Array, chunkStart: number, shardBytes: number): void {
  let { line, lineStart, blank } = survey
  let { start, firstLine, records } = survey.shard
  for (let i = 0; i < chunk.length; i++) {
    const byte = chunk[i]
    if (byte !== LF) {
      if (blank && !isBlank(byte)) blank = false
      continue
    }
    const end = chunkStart + i + 1
    if (!blank || end - 1 - lineStart > LINE_BYTES_MAX) records++
    line++
    lineStart = end
    blank = true
    if (end - start < shardBytes) continue
    survey.shards.push({ start, end, firstLine, records })
    start = end
    firstLine = line
    records = 0
  }
  Object.assign(survey, { line, lineStart, blank, shard: { start, firstLine, records } })
}
