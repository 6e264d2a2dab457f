/** What must be reached (design/recommenders.md §8; the issues' own), beside what was. */

import { LOW_RANK, POOL } from '../lib/sameTraining.ts'
import type { Cell, WholeRun } from './results.ts'
import { rowsOf } from './rows.ts'
import { DIRECTIONAL, EASE } from './subjects.ts'

export interface Target {
  readonly what: string
  readonly reached: number
  readonly bound: number
  readonly direction: 'at least' | 'at most'
  readonly met: boolean
}

interface Wanted {
  readonly protocol: 'P1' | 'P2' | 'P3' | 'ties'
  readonly row: string
  readonly bounds: Readonly<Record<string, number>>
  /** Passing it is the aim; it is no target of §8. */
  readonly mark?: string
}

const wanted: Readonly<Record<string, readonly Wanted[]>> = {
  'ml-1m': [
    { protocol: 'P2', row: DIRECTIONAL, bounds: { 'NDCG@10': 0.163 } },
    { protocol: 'P2', row: POOL, bounds: { 'NDCG@10': 0.179, 'HR@10': 0.297 } },
    { protocol: 'P2', row: POOL, bounds: { 'NDCG@10': 0.189, 'HR@10': 0.329 }, mark: 'HSTU-large, as published' },
    { protocol: 'P1', row: POOL, bounds: { 'MRR@25': 0.395, 'NDCG@10': 0.225, 'P@10': 0.17 } },
    { protocol: 'ties', row: POOL, bounds: { 'NDCG@10': 0.162, 'NDCG@10, untied': 0.107 } },
    { protocol: 'P3', row: EASE, bounds: { 'recall@20': 0.405, 'NDCG@100': 0.47 } },
    { protocol: 'P2', row: LOW_RANK, bounds: { 'NDCG@10': 0.145 } },
  ],
  'amazon-beauty': [{ protocol: 'P2', row: POOL, bounds: { 'HR@10': 0.082, 'NDCG@10': 0.052 } }],
}

/** Seconds by the clock, of a solution version, evaluation and refit, on two cores. */
const versions: Readonly<Record<string, number>> = { 'ml-1m': 45, 'amazon-beauty': 60 }
const PEAK_GIGABYTES_MAX = 2
/** Of every cell of every data set in one command, on two cores. */
export const WHOLE_RUN_MINUTES_MAX = 20

export const isInTime = ({ minutes, leftOutCount }: WholeRun): boolean =>
  minutes <= WHOLE_RUN_MINUTES_MAX && leftOutCount === 0

/** Of what was measured. */
export function targetsOf(data: string, cells: readonly Cell[]): Target[] {
  const targets: Target[] = []
  for (const { protocol, row, bounds, mark } of wanted[data] ?? []) {
    const found = rowsOf(cells, data, protocol).find(({ name }) => name === row)
    for (const [metric, bound] of Object.entries(bounds)) {
      const reached = found?.means[metric]?.mean
      if (reached === undefined) continue
      const what = `${row}, ${shownProtocol(protocol)} ${metric}${mark ? ` (${mark})` : ''}`
      targets.push({ what, reached, bound, direction: 'at least', met: reached >= bound })
    }
  }
  const version = cells.find(cell => cell.data === data && cell.protocol === 'version' && cell.subject === POOL)
  if (version && versions[data]) {
    const atMost = (what: string, reached: number, bound: number) =>
      targets.push({ what, reached, bound, direction: 'at most', met: reached <= bound })
    atMost(`${POOL}, a version, s by the clock`, version.seconds, versions[data])
    atMost(`${POOL}, a version, GB at the peak`, version.peakBytes / 1e9, PEAK_GIGABYTES_MAX)
  }
  return targets
}

export const shownProtocol = (protocol: string): string =>
  protocol === 'ties' ? 'P2, ties shuffled' : protocol === 'P3' ? 'P3′' : protocol
