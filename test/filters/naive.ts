/**
 * The language said again, one row at a time and as plainly as it can be: the twin that the compiled plan is compared with. Shares no code
 * with src/filters but the shape of the parsed tree.
 */
export type Value = string | number | bigint | null
export type Row = Readonly<Record<string, Value>>

export interface NaiveOperand {
  readonly kind: 'values' | 'any' | 'placeholder' | 'currentItem'
  readonly values?: readonly { readonly text: string }[]
  readonly name?: string
  readonly field?: { readonly name: string }
}
export interface NaiveCondition {
  readonly field: { readonly dataset: string; readonly name: string }
  readonly operator: string
  readonly operand: NaiveOperand
}
export interface NaiveStatement {
  readonly action: string
  readonly entity: string
  readonly any: readonly (readonly NaiveCondition[])[]
  readonly when: readonly NaiveCondition[]
}

export interface NaiveContext {
  /** Column → its type; multi-valued ones are named in `split`. */
  readonly types: (dataset: string, column: string) => { number: boolean; split: boolean }
  readonly user: Row | undefined
  readonly item: Row | undefined
  /** Event types, as written, that lead from this user to a candidate; for a filter about users, a candidate's own. */
  readonly eventTypes: (candidate: string) => readonly string[]
  /** Values already cut at their commas. */
  readonly values: Readonly<Record<string, readonly string[]>>
}

/** Whether the candidate passes. */
export function passes(
  statements: readonly NaiveStatement[],
  candidate: { readonly id: string; readonly row: Row | undefined },
  context: NaiveContext,
): boolean {
  const applying = statements.filter(statement => applies(statement, context))
  const holds = ({ any }: NaiveStatement) => {
    const parts = any.map(all => all.filter(condition => !missing(condition, context))).filter(all => all.length > 0)
    return parts.some(all => all.every(condition => holdsFor(condition, candidate, context)))
  }
  const includes = applying.filter(({ action }) => action === 'INCLUDE')
  const excludes = applying.filter(({ action }) => action === 'EXCLUDE')
  return (includes.length === 0 || includes.some(holds)) && !excludes.some(holds)
}

const missing = ({ operand }: NaiveCondition, { values }: NaiveContext): boolean =>
  operand.kind === 'placeholder' && values[operand.name!] === undefined

function applies({ any, when }: NaiveStatement, context: NaiveContext): boolean {
  if (any.every(all => all.every(condition => missing(condition, context)))) return false
  return when.every(condition => {
    if (missing(condition, context)) return false
    const { name } = condition.field
    return compare(condition, context.types('USERS', name), cellOf(context.user, name), context)
  })
}

function holdsFor(
  condition: NaiveCondition,
  { id, row }: { readonly id: string; readonly row: Row | undefined },
  context: NaiveContext,
): boolean {
  const { dataset, name } = condition.field
  const type = dataset.toUpperCase()
  if (type === 'INTERACTIONS' || type === 'ACTION_INTERACTIONS') {
    const own = context.eventTypes(id).map(each => each.toLowerCase())
    const { operand } = condition
    const listed =
      operand.kind === 'placeholder' ? context.values[operand.name!] : (operand.values ?? []).map(each => each.text)
    const any = operand.kind === 'any' || (type === 'INTERACTIONS' && listed.includes('*'))
    const among = any ? own.length > 0 : listed.some(each => own.includes(each.toLowerCase()))
    return condition.operator === 'NOT IN' ? !among : among
  }
  return compare(condition, context.types(type === 'ACTION' ? 'ACTIONS' : type, name), cellOf(row, name), context)
}

const cellOf = (row: Row | undefined, name: string): Value => {
  const key = Object.keys(row ?? {}).find(each => each.toUpperCase() === name.toUpperCase())
  return key === undefined ? null : (row![key] ?? null)
}

/** Numbers as scaled whole numbers: no rounding anywhere. */
function exact(value: string | number | bigint): bigint {
  const text = typeof value === 'number' ? value.toFixed(12) : String(value)
  const [, minus, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text)!
  const scaled = BigInt(whole + fraction.padEnd(20, '0').slice(0, 20))
  return minus ? -scaled : scaled
}

function compare(
  { operator, operand }: NaiveCondition,
  { number, split }: { number: boolean; split: boolean },
  value: Value,
  context: NaiveContext,
): boolean {
  const parts = (cell: Value, cut: boolean): (string | bigint)[] => {
    if (cell === null) return []
    if (number) return [exact(cell)]
    return cut
      ? String(cell)
          .split('|')
          .filter(part => part !== '')
      : [String(cell)]
  }
  let wanted: (string | bigint)[]
  if (operand.kind === 'currentItem') {
    const { name } = operand.field!
    wanted = parts(cellOf(context.item, name), context.types('ITEMS', name).split)
  } else {
    const listed =
      operand.kind === 'placeholder' ? context.values[operand.name!] : operand.values!.map(each => each.text)
    wanted = listed.map(each => (number ? exact(each) : each))
  }
  const own = parts(value, split)
  const among = own.some(each => wanted.includes(each))
  switch (operator) {
    case 'NOT IN':
      return !among
    case 'IN':
    case '=':
      return among
    case '!=':
      return own.length > 0 && wanted.length > 0 && !among
    case '<':
      return own.some(each => wanted.some(other => each < other))
    case '<=':
      return own.some(each => wanted.some(other => each <= other))
    case '>':
      return own.some(each => wanted.some(other => each > other))
    default:
      return own.some(each => wanted.some(other => each >= other))
  }
}
