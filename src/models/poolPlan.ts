/**
 * What a pool (pool.ts) will take, worked out before anything is fitted. A model has to fit the memory it is ranked in, which ends at 4 GiB: every expert
 * gets an equal part of it, and where the rows of one are longer, their largest entries stay. The plan stands in the stage that is reported.
 */
import { MEMORY_BYTES_MAX } from '../kernels/load.ts'
import { NEAREST_BEHIND, NEAREST_PLACES_MAX } from '../kernels/nearestParameters.ts'
import { POOL_GROUP } from '../kernels/parameters.ts'
import {
  type NearestSize,
  nearestBytes,
  type PoolSize,
  poolBytes,
  poolGroupsMax,
  poolSlotBytes,
} from '../kernels/poolMemory.ts'
import { Refusal } from '../lib/refusal.ts'
import { type ExpertDesign, expertSeconds, ROW_LENGTH } from './experts.ts'
import type { HistoryModel, PoolExpert, PoolModel } from './historyModel.ts'
import type { Interactions } from './interactions.ts'
import { nearestSizeIn } from './nearestSequences.ts'
import { cutToRoom, type RowRoom } from './sparseRows.ts'

/** Threads that a model leaves room for, if that is no more than a quarter of the memory. Not those of the training: its bytes do not depend on them. */
const RANKING_THREADS = 16
const THREADS_SHARE_MAX = 1 / 4

/**
 * What may be remembered of everybody's events while ranking: some 37 million of six thousand items. An event takes 2 bytes, or 4 of a large catalogue, a place 4, a
 * person as much as NEAREST_BEHIND events. In the model's file it is 4 bytes an event.
 */
const NEAREST_BYTES_MAX = 2 ** 27

/** The room is that of each expert. */
export interface PoolPlan extends RowRoom {
  readonly itemCount: number
  readonly expertCount: number
  /** Of the memory to rank by on one thread, at most. */
  readonly bytes: number
  /** About, on this machine, when nobody else uses it: all that is fitted on the way. */
  readonly seconds: number
}

/**
 * `fitted`: what is fitted on the way, some experts more than once. The room is the same for any number of threads.
 * Throws Refusal where there is none for eight entries of every item and expert.
 */
export function planPool(
  interactions: Pick<Interactions, 'userCount' | 'itemCount' | 'items' | 'weights'>,
  { experts, fitted }: { readonly experts: readonly ExpertDesign[]; readonly fitted: readonly ExpertDesign[] },
  threads: number,
): PoolPlan {
  const { itemCount } = interactions
  const expertCount = experts.length
  const rowCount = experts.filter(({ kind }) => kind !== 'nearest').length
  const nearest = rowCount < expertCount ? nearestSizeOf(interactions) : undefined
  const size = { itemCount, kernelLengths: experts.map(({ kernel }) => kernel.length), ...(nearest && { nearest }) }
  const groupCountMax = Math.floor(roomFor(size) / rowCount)
  if (groupCountMax < itemCount)
    throw new Refusal(
      `A pool of ${expertCount} experts for ${itemCount} items cannot be ranked by: ${poolBytes(size, itemCount * expertCount, 1)} bytes of memory are needed at least; at most ${MEMORY_BYTES_MAX} can be used.`,
    )
  const groupCount = itemCount * Math.ceil(Math.min(ROW_LENGTH, itemCount) / POOL_GROUP)
  return {
    itemCount,
    expertCount,
    group: POOL_GROUP,
    groupCountMax,
    bytes: poolBytes(size, rowCount * Math.min(groupCount, groupCountMax), 1),
    seconds: secondsOf(interactions, fitted, threads),
  }
}

/** Whether what an expert of nearest sequences remembers has room. */
export const nearestFits = (interactions: Pick<Interactions, 'userCount' | 'itemCount' | 'items'>): boolean =>
  nearestBytes(interactions.itemCount, nearestSizeOf(interactions)) <= NEAREST_BYTES_MAX

/** At most: places of last events are counted, though they are not kept. */
function nearestSizeOf({
  userCount,
  itemCount,
  items,
}: Pick<Interactions, 'userCount' | 'itemCount' | 'items'>): NearestSize {
  const counts = new Uint32Array(itemCount)
  for (const item of items) counts[item]++
  const placeCount = counts.reduce((sum, count) => sum + Math.min(count, NEAREST_PLACES_MAX), 0)
  return { eventCount: items.length + (userCount + 1) * NEAREST_BEHIND, placeCount, newCount: 0, standInCount: 0 }
}

/** About how long these take to fit, one after the other. */
export const secondsOf = (
  interactions: Pick<Interactions, 'userCount' | 'itemCount' | 'items' | 'weights'>,
  fitted: readonly ExpertDesign[],
  threads: number,
): number => fitted.reduce((sum, expert) => sum + expertSeconds(interactions, expert, threads), 0)

/** For a person: '5 experts of 3416 items: at most 0.1 GB to rank by, about 12 s to fit'. */
export const planText = ({ expertCount, itemCount, bytes, seconds }: PoolPlan): string =>
  `${expertCount} ${expertCount === 1 ? 'expert' : 'experts'} of ${itemCount} items: at most ${(bytes / 1e9).toFixed(1)} GB to rank by, about ${Math.ceil(seconds)} s to fit`

/** The model itself, or one of shorter rows: a pool that has no room. One that has none for a group of every row stays, and ranking says what it needs. */
export async function rankable<M extends HistoryModel>(model: M, signal: AbortSignal): Promise<M | PoolModel> {
  if (model.form !== 'pool') return model
  const { itemCount, experts } = model
  const heard = experts.filter(({ weight }) => weight !== 0)
  const nearest = nearestSizeIn(heard)
  const room = roomFor({
    itemCount,
    kernelLengths: heard.map(({ kernel }) => kernel.length),
    ...(nearest && { nearest }),
  })
  const rowCount = heard.filter(expert => !('sequences' in expert)).length
  const groupCountMax = Math.floor(room / Math.max(1, rowCount))
  if (groupCountMax < itemCount) return model
  const cut: PoolExpert[] = []
  for (const expert of experts)
    if ('sequences' in expert) cut.push(expert)
    else cut.push({ ...expert, ...(await cutToRoom(expert, { group: POOL_GROUP, groupCountMax }, signal)) })
  return { ...model, experts: cut }
}

/** Groups of entries, of all experts together. */
function roomFor(size: PoolSize): number {
  const affordable = Math.floor((MEMORY_BYTES_MAX * THREADS_SHARE_MAX) / poolSlotBytes(size))
  return poolGroupsMax(size, Math.max(1, Math.min(RANKING_THREADS, affordable)))
}
