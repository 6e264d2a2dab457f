/**
 * What items have in common, as a record of a batch segment job says it (spec/batch-segments.md §2): `ITEMS.topic = "garden" AND ITEMS.level = 2`.
 * It is a part of the filter language, read by its parser: conditions on columns of ITEMS, with = alone, joined by AND. `A = x AND A = y` on a
 * multi-valued category is an item that carries both.
 */
import { rulesFor } from '../datasets/schemaRules.ts'
import { Refusal } from '../lib/refusal.ts'
import { type FilterSchemas, planFilter } from './check.ts'
import { FilterError } from './filterError.ts'
import type { Plan } from './plan.ts'

/** Those of a custom group: what domains reserve besides are attributes. */
const reserved = rulesFor('ITEMS')?.fields ?? {}

const OPENING = 'INCLUDE ItemID WHERE '
const WORDS_OF_FILTERS = /^Could not create filter\. (?:Invalid Expression: )?/
const EXPECTED = 'an expression such as ITEMS.topic = "garden" AND ITEMS.level = 2 was expected'

/** One statement without placeholders. Throws Refusal with the sentence and the character, counted from 1. */
export function planAttributes(source: string, schemas: FilterSchemas): Plan {
  const plan = planned(source, schemas)
  const refuse = (sentence: string): never => {
    throw new Refusal(`itemAttributes is ${JSON.stringify(source)}: ${sentence}; ${EXPECTED}.`)
  }
  const { any, when, dataset } = plan.statements[0]
  if (plan.statements.length > 1) refuse('it has more than one statement')
  if (when.length > 0) refuse('it asks for a user after IF')
  if (dataset !== 'ITEMS') refuse(`it names the dataset ${dataset}, and attributes are those of ITEMS`)
  if (any.length > 1) refuse('its conditions are joined by OR')
  for (const { column, operator, operand } of any[0]) {
    if (operator !== '=') refuse(`${column} is compared by ${operator}, and only = is possible`)
    if (operand.kind !== 'constants') refuse(`${column} is not compared with a value`)
    if (Object.hasOwn(reserved, column)) refuse(`${column} is reserved and no attribute`)
  }
  return plan
}

function planned(source: string, schemas: FilterSchemas): Plan {
  try {
    return planFilter(`${OPENING}${source}`, schemas)
  } catch (error) {
    if (!(error instanceof FilterError)) throw error
    const sentence = error.message.replace(WORDS_OF_FILTERS, '')
    const position = Math.max(1, error.position - OPENING.length)
    throw new Refusal(`itemAttributes is ${JSON.stringify(source)}: ${sentence} At character ${position}.`)
  }
}
