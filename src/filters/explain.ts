/**
 * What a filter does, told to the person who wrote it: the expression as it was understood, how many pass, which, and which statement takes
 * away what.
 */
import type { Vocabulary } from '../datasets/vocabulary.ts'
import { assert } from '../lib/assert.ts'
import { countOnes } from '../lib/packedBits.ts'
import { type Bitset, firstRows, fullSet, subtract, unite } from './bitset.ts'
import type { FilterData } from './data.ts'
import { allowedSet, FilterMasks, type FilterRequest } from './masks.ts'
import type { Plan, PlannedCondition, PlannedOperand } from './plan.ts'

/** Ids shown: a few to recognise. */
const SHOWN = 10

export interface Explanation {
  /** One line a part, indented. */
  readonly tree: readonly string[]
  readonly candidates: number
  readonly passing: number
  /** The first by row. */
  readonly examples: readonly string[]
  readonly statements: readonly StatementEffect[]
}

export interface StatementEffect {
  readonly statement: string
  /** False: its IF does not hold, or the values it waits for were left out. */
  readonly applies: boolean
  /** For how many its conditions hold. */
  readonly matching: number
  /** How many are left after it: first all INCLUDE, in order, then all EXCLUDE. */
  readonly left: number
  /** After it nobody is left, and before it somebody was. */
  readonly removesEverything: boolean
}

/** Throws FilterError when the values will not do. */
export function explain(plan: Plan, data: FilterData, candidates: Vocabulary, request: FilterRequest): Explanation {
  const masks = new FilterMasks(plan, data)
  const allowed = allowedSet(masks, request)
  const { statements, left } = effects(plan, masks, data.rowCount, request)
  assert(countOnes(left) === countOnes(allowed), 'statements one by one do what they do together')
  return {
    tree: treeOf(plan),
    candidates: data.rowCount,
    passing: countOnes(allowed),
    examples: firstRows(allowed, SHOWN).map(row => candidates.idAt(row)),
    statements,
  }
}

function effects(plan: Plan, masks: FilterMasks, rowCount: number, request: FilterRequest) {
  let included: Bitset | undefined
  let left = fullSet(rowCount)
  const byStatement = new Map<Plan['statements'][number], StatementEffect>()
  const ordered = [...plan.statements].sort((a, b) => Number(a.action === 'EXCLUDE') - Number(b.action === 'EXCLUDE'))
  for (const statement of ordered) {
    const rows = masks.rowsOf(statement, request)
    const before = included === undefined ? rowCount : countOnes(left)
    if (rows && statement.action === 'INCLUDE') {
      included ??= new Uint32Array(rows.length)
      unite(included, rows)
      left = included.slice()
    } else if (rows) subtract(left, rows)
    const now = countOnes(left)
    byStatement.set(statement, {
      statement: plan.source.slice(statement.start, statement.end),
      applies: rows !== undefined,
      matching: rows ? countOnes(rows) : 0,
      left: now,
      removesEverything: now === 0 && before > 0,
    })
  }
  return { statements: plan.statements.map(each => byStatement.get(each)!), left }
}

export function treeOf({ statements }: Plan): string[] {
  return statements.flatMap(({ action, dataset, any, when }) => [
    `${action} where`,
    ...any.flatMap((all, place) => [
      ...(place > 0 ? ['  or'] : []),
      ...all.map((condition, at) => `    ${at > 0 ? 'and ' : ''}${conditionText(condition, dataset)}`),
    ]),
    ...when.map((condition, place) => `  ${place > 0 ? 'and' : 'if'} ${conditionText(condition, 'CurrentUser')}`),
  ])
}

const conditionText = ({ column, kind, operator, operand }: PlannedCondition, dataset: string): string =>
  `${dataset}.${column} (${kind === 'event' ? 'event type' : kind}) ${operator} ${operandText(operand)}`

function operandText(operand: PlannedOperand): string {
  switch (operand.kind) {
    case 'any':
      return 'any'
    case 'placeholder':
      return `$${operand.name}`
    case 'currentItem':
      return `CurrentItem.${operand.column}`
    case 'constants':
      return operand.values.map(value => (typeof value === 'string' ? JSON.stringify(value) : String(value))).join(', ')
  }
}
