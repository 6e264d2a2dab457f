/** The filters that are measured, how much of them, and what one process is told and says. */

export const RESULTS = 25
/** A whole shard of records with values: a fifth of a second or so. What else a machine does comes in bursts, and short rounds find its pauses. */
export const RECORDS = 19_200
export const VALUE_SETS = 1_000

/** What one process is to measure. */
export interface Order {
  readonly items: number
  /** A case's name. */
  readonly filter: string
  readonly rounds: number
}

/** What it found: µs of CPU a record, a number for each round. */
export interface Measured {
  readonly plain: number[]
  readonly filtering: number[]
  /** Until the columns were there. */
  readonly madeSeconds: number
  /** Until the first mask was. */
  readonly firstMs: number
  /** Of the first round with the filter, while masks and views are made; it is not among the others. */
  readonly firstMicros: number
}

export interface Case {
  readonly name: string
  readonly expression: string
  readonly values?: (set: number) => object
  /** Most that the filter may add, as a share. */
  readonly target: number
}

export const CASES: readonly Case[] = [
  {
    name: 'static',
    expression: 'INCLUDE ItemID WHERE Items.PRICE < 500 | EXCLUDE ItemID WHERE Items.GENRES IN ("g1","g2")',
    target: 0.05,
  },
  {
    name: `dynamic, ${VALUE_SETS} sets of values`,
    expression: 'INCLUDE ItemID WHERE Items.GENRES IN ($G) AND Items.PRICE >= $P',
    values: set => ({ G: `"g${set % 200}","g${(set * 7) % 200}"`, P: String(set % 100) }),
    target: 0.15,
  },
  {
    name: 'interactions',
    expression: 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("purchase","view")',
    target: 0.15,
  },
]

export function caseNamed(name: string): Case {
  const found = CASES.find(each => each.name === name)
  if (!found) throw new Error(`no filter is called '${name}'`)
  return found
}
