/** What was measured, as bench/results/quality.json keeps it: one entry a cell, so that a part can be measured again and joins the rest. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PoolChoice } from '../../src/models/historyModel.ts'
import type { Means, Protocol } from './protocols.ts'

const RESULTS = fileURLToPath(new URL('../results/quality.json', import.meta.url))
const WHOLE_RUN = fileURLToPath(new URL('../results/quality-run.json', import.meta.url))

export interface CellName {
  /** The folder's name. */
  readonly data: string
  /** 'segments': how the recipes of segments are judged; 'version': a solution version, evaluation and refit. */
  readonly protocol: Protocol | 'segments' | 'version'
  readonly seed: number
  /** A subject's name, or that of a peer. */
  readonly subject: string
}

/** One training, and the cells that come of it. */
export interface TrainingName extends Omit<CellName, 'protocol'> {
  readonly protocols: readonly CellName['protocol'][]
}

export interface Cell extends CellName {
  readonly userCount: number
  readonly itemCount: number
  readonly eventCount: number
  /** People, or items of segments, that the means are over. */
  readonly testedCount: number
  readonly withoutInputItems: boolean
  /** Of the training alone. */
  readonly seconds: number
  /** Of all threads together. */
  readonly processorSeconds: number
  /** Of the whole process, the data included. */
  readonly peakBytes: number
  readonly threads: number
  readonly rows: Readonly<Record<string, Means>>
  readonly choice?: PoolChoice
  /** What somebody who reads the row has to know of it. */
  readonly note?: string
  readonly machine: string
}

/** What it took to measure every cell of every data set, in one go. */
export interface WholeRun {
  readonly trainingCount: number
  readonly cellCount: number
  /** Of trainings with other seeds than the first, for which there was no time. */
  readonly leftOutCount: number
  readonly minutes: number
  readonly machine: string
}

export const keyOf = ({ data, protocol, seed, subject }: CellName): string =>
  [data, protocol, seed, subject].join(' | ')

export const readCells = (): Cell[] => (existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, 'utf8')) : [])

/** The new ones in the place of the old ones of the same name, all in order of their names. */
export function keepCells(measured: readonly Cell[]): Cell[] {
  return written([...readCells(), ...measured])
}

/** These, and of those before what other programs measured: what our own no longer measure goes. */
export const keepOnly = (measured: readonly Cell[], others: readonly string[]): Cell[] =>
  written([...readCells().filter(({ subject }) => others.includes(subject)), ...measured])

function written(all: readonly Cell[]): Cell[] {
  const cells = new Map(all.map(cell => [keyOf(cell), cell]))
  const sorted = [...cells].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, cell]) => cell)
  mkdirSync(dirname(RESULTS), { recursive: true })
  writeFileSync(RESULTS, `[\n${sorted.map(cell => JSON.stringify(cell, rounded)).join(',\n')}\n]\n`)
  return sorted
}

export const readWholeRun = (): WholeRun | undefined =>
  existsSync(WHOLE_RUN) ? JSON.parse(readFileSync(WHOLE_RUN, 'utf8')) : undefined

export const keepWholeRun = (run: WholeRun): void => writeFileSync(WHOLE_RUN, `${JSON.stringify(run, rounded)}\n`)

/** Six digits are more than any of it is sure of. */
const rounded = (_: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value
