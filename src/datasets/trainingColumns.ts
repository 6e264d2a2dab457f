/** Which columns of a dataset a training may learn from: solutionConfig.trainingDataConfig against the dataset's schema. */
import { isLearnable } from './metadata.ts'
import type { DatasetSchema } from './schema.ts'

export interface ColumnChoice {
  /** These alone; absent: all. */
  readonly included?: readonly string[] | undefined
  readonly excluded?: readonly string[] | undefined
  /** That came with a later schema than the solution. */
  readonly later?: readonly string[] | undefined
}

/** In order of the schema. */
export function trainingColumns(
  { columns }: DatasetSchema,
  { included, excluded = [], later = [] }: ColumnChoice,
): string[] {
  return columns
    .filter(isLearnable)
    .map(({ name }) => name)
    .filter(name => (included?.includes(name) ?? true) && !excluded.includes(name) && !later.includes(name))
}
