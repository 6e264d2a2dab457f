/** What was measured, as bench/results/scale.json keeps it: a recipe on a size that is measured again takes the place of what stood there. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Trained } from './trainOne.ts'

const RESULTS = fileURLToPath(new URL('../results/scale.json', import.meta.url))

export interface Run {
  readonly recipe: string
  readonly eventCount: number
  /** As many as the recipe takes. */
  readonly itemCount: number
  /** What was told before the work began: memory, threads, what is left out. */
  readonly plans: readonly string[]
  readonly trained?: Trained
  /** The sentence, where there is no model. */
  readonly failed?: string
  readonly machine: string
}

const keyOf = ({ recipe, eventCount }: Run): string => `${String(eventCount).padStart(12)} ${recipe}`

export const readRuns = (): Run[] => (existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, 'utf8')) : [])

export function keepRun(run: Run): Run[] {
  const runs = new Map([...readRuns(), run].map(each => [keyOf(each), each]))
  const sorted = [...runs].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each)
  writeFileSync(RESULTS, `[\n${sorted.map(each => JSON.stringify(each)).join(',\n')}\n]\n`)
  return sorted
}
