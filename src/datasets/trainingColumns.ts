/** Which columns of a dataset a training may learn from: solutionConfig.trainingDataConfig against the dataset's schema. */
import { isLearnable } from './metadata.ts'
import type { DatasetSchema } from './schema.ts'
import { rulesFor } from './schemaRules.ts'

export interface ColumnChoice {
  /** These alone; absent: all. */
  readonly included?: readonly string[] | undefined
  readonly excluded?: readonly string[] | undefined
  /** That came with a later schema than the solution. */
  readonly later?: readonly string[] | undefined
}

/** Of interactions only what the caller has added: a context of the event. */
const isReserved = (name: string): boolean => Object.hasOwn(rulesFor('INTERACTIONS')!.fields, name)

/** In order of the schema. */
export function trainingColumns(
  { datasetType, columns }: DatasetSchema,
  { included, excluded = [], later = [] }: ColumnChoice,
): string[] {
  return columns
    .filter(column => isLearnable(column) && !(datasetType === 'INTERACTIONS' && isReserved(column.name)))
    .map(({ name }) => name)
    .filter(name => (included?.includes(name) ?? true) && !excluded.includes(name) && !later.includes(name))
}
