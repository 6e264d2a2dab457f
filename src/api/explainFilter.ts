/**
 * An operation of our own, beside those of AWS: what a filter expression does with the data of a dataset group, before or after it is made
 * a filter. `sommelier filter explain` is its client. Target prefix `Sommelier`.
 */
import { FilterError } from '../filters/filterError.ts'
import { VALUE_CHARACTERS_MAX, VALUE_ENTRIES_MAX, VALUE_NAME_CHARACTERS_MAX } from '../filters/limits.ts'
import { bindValues } from '../filters/values.ts'
import type { ExplainDescription } from '../jobs/explainFilter.ts'
import { ServiceError } from '../protocol/errors.ts'
import { boolean, integer, list, map, optional, string, structure } from '../protocol/shape.ts'
import { datasetGroup } from '../resources/types.ts'
import { FilterExpression, groupData, planned, snapshotOf } from './filter.ts'
import { Computed, operation } from './operation.ts'
import { Arn } from './shapes.ts'

const Id = string({ min: 1, max: 256 })
const FilterValues = map(
  string({ max: VALUE_NAME_CHARACTERS_MAX, pattern: '[A-Za-z0-9_]+' }),
  string({ max: VALUE_CHARACTERS_MAX, sensitive: true }),
  { max: VALUE_ENTRIES_MAX },
)

const explainFilter = operation({
  name: 'ExplainFilter',
  input: structure({
    datasetGroupArn: Arn,
    filterExpression: FilterExpression,
    userId: optional(Id),
    itemId: optional(Id),
    filterValues: optional(FilterValues),
  }),
  output: structure({
    tree: list(string()),
    candidates: integer(),
    passing: integer(),
    examples: list(string()),
    statements: list(
      structure({
        statement: string(),
        applies: boolean,
        matching: integer(),
        left: integer(),
        removesEverything: boolean,
      }),
    ),
  }),
  errors: ['InvalidInputException', 'ResourceNotFoundException'],
  async handle({ datasetGroupArn, filterExpression, ...request }, { resources }) {
    const group = await resources.get(datasetGroup, datasetGroupArn)
    const data = await groupData(resources, group.arn)
    const plan = planned(filterExpression, data.schemas)
    try {
      bindValues(plan, request.filterValues)
    } catch (error) {
      throw error instanceof FilterError ? new ServiceError('InvalidInputException', error.report) : error
    }
    const description: ExplainDescription = { ...snapshotOf(plan, data, true), ...request }
    return new Computed('explainFilter', description)
  },
})

export const explainFilterOperations = [explainFilter]
