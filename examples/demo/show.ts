/** What the demo prints when the work is done: metrics side by side, and people with what they saw and what they should see. */
import { type Style, table } from '../../src/cli/text.ts'
import type { Film } from './films.ts'

/** The service's metrics in the order they are read, with what each says. */
const METRICS: readonly [string, string][] = [
  ['mean_reciprocal_rank_at_25', 'how high the first film stands that was really watched'],
  ['normalized_discounted_cumulative_gain_at_10', 'how high all of them stand among the first ten'],
  ['precision_at_5', 'share of the first five that was really watched'],
  ['precision_at_10', 'share of the first ten'],
  ['coverage', 'share of the catalogue that is recommended to somebody'],
]

/** Metrics of two models under their names, and how much better the first is. */
export function metricsTable(
  models: readonly [string, string],
  first: Record<string, number>,
  second: Record<string, number>,
  style: Style,
): string[] {
  const header = ['metric', ...models, 'ratio', 'what it says']
  const rows = METRICS.map(([name, meaning]) => {
    const [a, b] = [first[name], second[name]]
    return [name, a.toFixed(4), b.toFixed(4), b > 0 ? `${(a / b).toFixed(1)}×` : '', meaning]
  })
  const [head, ...lines] = table(header, rows, new Set([...models, 'ratio']))
  return [style.bold(head), ...lines]
}

const nameOf = (film: Film) => `${film.title} (${film.genre}, ${film.year})`

export interface Recommendation {
  readonly film: Film
  /** How likely it is the next one, by the model. */
  readonly score: number
}

/** Two columns: the newest of what a person saw, newest first, and the best of what is recommended, best first. */
export function personTable(
  person: string,
  history: readonly Film[],
  recommended: readonly Recommendation[],
  style: Style,
): string[] {
  const newest = history.toReversed()
  const rows = recommended.map(({ film, score }, i) => {
    const again = history.includes(film) ? ', seen before' : ''
    return [newest[i] ? nameOf(newest[i]) : '', `${(score * 100).toFixed(1)} %`, `${nameOf(film)}${again}`]
  })
  const left = newest.length > 0 ? `${person} watched, newest first` : `${person} has watched nothing yet`
  const header = [left, 'score', 'and is recommended']
  const [head, ...lines] = table(header, rows, new Set(['score']))
  return [style.bold(head), ...lines]
}
