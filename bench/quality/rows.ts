/** The rows of a table: each model of a data set and protocol, its cells' means over the seeds. */
import { PEERS } from './peers.ts'
import type { Mean, Means } from './protocols.ts'
import type { Cell } from './results.ts'
import { subjects } from './subjects.ts'

export interface Row {
  readonly name: string
  readonly subject: string
  /** 'expert': of the pool above it. */
  readonly kind: 'recipe' | 'baseline' | 'expert' | 'peer'
  readonly seedCount: number
  readonly means: Means
  /** Of one training, the mean over the seeds; the peak is the greatest. */
  readonly seconds: number
  readonly processorSeconds: number
  readonly peakBytes: number
  readonly note?: string
}

/** In the order of the subjects, then peers. */
export function rowsOf(cells: readonly Cell[], data: string, protocol: Cell['protocol']): Row[] {
  const here = cells.filter(cell => cell.data === data && cell.protocol === protocol)
  const order = [...subjects.map(({ name }) => name), ...PEERS]
  const present = [...new Set(here.map(({ subject }) => subject))].sort((a, b) => order.indexOf(a) - order.indexOf(b))
  return present.flatMap(subject => {
    const seeds = here.filter(cell => cell.subject === subject)
    const names = [...new Set(seeds.flatMap(({ rows }) => Object.keys(rows)))]
    return names.map((name): Row => {
      const of = seeds.filter(({ rows }) => rows[name])
      const { note } = of[0]
      return {
        name,
        subject,
        kind: kindOf(name, subject),
        seedCount: of.length,
        means: overSeeds(of.map(({ rows }) => rows[name])),
        seconds: mean(of.map(({ seconds }) => seconds)),
        processorSeconds: mean(of.map(({ processorSeconds }) => processorSeconds)),
        peakBytes: Math.max(...of.map(({ peakBytes }) => peakBytes)),
        ...(note && { note }),
      }
    })
  })
}

function kindOf(name: string, subject: string): Row['kind'] {
  if (PEERS.includes(subject)) return 'peer'
  if (name.startsWith('its expert')) return 'expert'
  return name.startsWith('aws-') && name !== 'aws-popularity-count' ? 'recipe' : 'baseline'
}

/** Means of means; the seeds ask different users, so errors go down with their number. */
function overSeeds(all: readonly Means[]): Means {
  const names = Object.keys(all[0])
  return Object.fromEntries(
    names.map((name): [string, Mean] => {
      const each = all.flatMap(means => (means[name] ? [means[name]] : []))
      const squares = each.reduce((sum, { error }) => sum + error ** 2, 0)
      return [name, { mean: mean(each.map(({ mean }) => mean)), error: Math.sqrt(squares) / each.length }]
    }),
  )
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
