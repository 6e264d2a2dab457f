/**
 * What a job will take, told before it begins: memory from the sizes of the model's files, so that one that cannot fit says so instead of
 * dying, and time from one block of its own users, ranked on the spot.
 */
import { totalmem } from 'node:os'
import { EVENTS_BYTES_MAX, MASK_CACHE_BYTES } from '../../filters/limits.ts'
import { VIEWS_BYTES } from '../../inference/placeFactors.ts'
import { openRanker, type PlacedModel } from '../../inference/ranker.ts'
import { stopwatchSeconds } from '../../lib/clock.ts'
import { Refusal } from '../../lib/refusal.ts'
import { addressOf, type ModelPlace, type Part } from '../../recipes/modelPart.ts'
import { packedBytes } from '../../recipes/packedHistories.ts'
import { savedSizes } from '../../recipes/storedHistories.ts'
import type { FilterNeeds } from './filtering.ts'
import { type KeptHistories, openSubjectHistories } from './histories.ts'
import {
  BLOCK_RECORDS,
  BYTE_PATH_MICROS,
  HISTORIES_BYTES_MAX,
  PACKED_BYTES_MAX,
  PROCESS_BYTES,
  THREAD_BYTES,
} from './limits.ts'

export interface MemoryPlan {
  /** At the peak, at most. */
  readonly bytes: number
  /** Of those, for what a filter keeps: `masks` for sets that it has made, `views` for what they leave of the catalogue. */
  readonly caches: { readonly masks: number; readonly views: number }
  /** Where histories are: in memory as lists, or packed, or in their file. */
  readonly histories: 'listed' | 'packed' | 'stored'
}

/** For tests: less than there is. */
export interface MemoryLimits {
  /** What the process may take. */
  readonly available?: number | undefined
  readonly historiesBytesMax?: number | undefined
  readonly packedBytesMax?: number | undefined
}

/** Throws Refusal when it does not fit. What a filter keeps is less where there is less room. */
export async function planMemory(
  place: ModelPlace,
  { threads, filter }: { threads: number; filter: FilterNeeds | undefined },
  control: { signal: AbortSignal },
  limits: MemoryLimits = {},
): Promise<MemoryPlan> {
  const { available = memoryOfMachine(), historiesBytesMax = HISTORIES_BYTES_MAX } = limits
  const bytesOf = async (part: Part) => (await place.artifacts.head(addressOf(place, part)))?.bytes ?? 0
  const [model, vocabulary, listed] = await Promise.all((['model', 'vocabulary', 'histories'] as const).map(bytesOf))
  const form = listed <= historiesBytesMax ? { histories: 'listed' as const, held: listed } : await unlisted()
  const { histories, held } = form
  // The model is read and then placed where kernels see it; ids are read to there.
  const needed = Math.ceil(2 * model + vocabulary + held + threads * THREAD_BYTES + PROCESS_BYTES)
  if (needed > available)
    throw new Refusal(
      `The job needs ${gigabytes(needed)} of memory (model ${gigabytes(2 * model)}, ids ${gigabytes(vocabulary)}, histories ${gigabytes(held)}); this machine has ${gigabytes(available)}.`,
    )
  // Nobody is refused, and no cache is smaller, for what a filter reads: it is less where events repeat, and how much less is not known yet.
  // More packed events than have room stay in their file; those who did them may be others than the model's, read and then placed.
  const events = Math.min(filter?.eventBytes ?? 0, EVENTS_BYTES_MAX + 2 * vocabulary)
  const read = (filter?.columnBytes ?? 0) + events
  const half = Math.floor((available - needed) / 2)
  const caches = { masks: 0, views: 0 }
  if (filter) {
    // One set is a bit an item, and one view 7 bits of each number of the model instead of 32.
    const most = filter.manySets ? half : Math.min(half, model)
    caches.masks = Math.min(MASK_CACHE_BYTES, most)
    caches.views = Math.min(VIEWS_BYTES, most)
  }
  return { bytes: needed + read + caches.masks + caches.views, caches, histories }

  /** Beside either form are 4 bytes a user, less than of ids. */
  async function unlisted(): Promise<{ histories: MemoryPlan['histories']; held: number }> {
    const { itemCount, eventCount } = await savedSizes(place, control)
    const offsets = Math.min(listed, vocabulary / 4)
    const packed = packedBytes(eventCount, itemCount)
    if (packed > (limits.packedBytesMax ?? PACKED_BYTES_MAX)) return { histories: 'stored', held: offsets }
    return { histories: 'packed', held: packed + offsets }
  }
}

/** What the control group grants, where there is one. */
function memoryOfMachine(): number {
  const granted = process.constrainedMemory()
  return granted > 0 ? Math.min(granted, totalmem()) : totalmem()
}

/** Seconds that so many records take, by a block of the first subjects. On a ranker that no thread uses yet. */
export function expectedSeconds(
  placed: PlacedModel,
  histories: KeptHistories | undefined,
  k: number,
  { records, threads }: { records: number; threads: number },
): number {
  const subjects = histories && openSubjectHistories(histories, placed.itemCount)
  const sample: number[] = []
  const subjectCount = (histories?.offsets.length ?? 1) - 1
  for (let s = 0; s < subjectCount && sample.length < BLOCK_RECORDS; s++) if (subjects?.has(s)) sample.push(s)
  let micros = BYTE_PATH_MICROS
  if (subjects && sample.length > 0) {
    const ranker = openRanker(placed, 0)
    const lists = subjects.gather(Int32Array.from(sample), sample.length, ranker.historyLength)
    const block = { count: sample.length, k, ...lists }
    ranker.rank(block) // The first time pages are touched and code is compiled.
    const start = stopwatchSeconds()
    ranker.rank(block)
    micros += (1e6 * (stopwatchSeconds() - start)) / sample.length
  }
  return (records * micros) / 1e6 / threads
}

/** In one line, for people. */
export const planText = ({ bytes, histories }: MemoryPlan, seconds: number, records: number): string =>
  `${gigabytes(bytes)} of memory at most${FORMS[histories]}, some ${Math.max(1, Math.round(seconds))} s for ${records} records`

const FORMS = { listed: '', packed: ', histories packed', stored: ', histories from their file' } as const

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`
