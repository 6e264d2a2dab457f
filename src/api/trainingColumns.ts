/** trainingDataConfig of solutions and recommenders: which columns are left out of training, or alone taken into it, by type of dataset. */
import { parseSchema } from '../datasets/schema.ts'
import { rulesFor } from '../datasets/schemaRules.ts'
import { nearest } from '../filters/nearest.ts'
import type { TypeOf } from '../protocol/shape.ts'
import type { Resources } from '../resources/resources.ts'
import { type DatasetTypeName, dataset, schema } from '../resources/types.ts'
import { refuse } from './refuse.ts'
import type { TrainingDataConfig } from './shapes.ts'

interface Asked {
  readonly config: TypeOf<typeof TrainingDataConfig>
  /** The member of the request that it stands in: `solutionConfig`. */
  readonly at: string
  readonly group: string
  readonly types: readonly DatasetTypeName[]
}

/** Throws InvalidInputException, for types of datasets that are not there and columns that their schemas do not have. */
export async function checkColumns({ config, at, group, types }: Asked, resources: Resources): Promise<void> {
  const seen = new Set<string>()
  for (const member of ['excludedDatasetColumns', 'includedDatasetColumns'] as const) {
    for (const [word, columns] of Object.entries(config[member] ?? {})) {
      const path = `${at}.trainingDataConfig.${member}`
      const type = types.find(each => each === word.toUpperCase())
      if (!type) {
        const meant = nearest(word, types)
        refuse(
          `${path} has '${word}': ${meant ? `did you mean ${meant}?` : `one of ${types.join(', ')} was expected.`}`,
        )
      }
      if (seen.has(type)) refuse(`${path} has '${word}', and ${type} is there already: one list for each was expected.`)
      seen.add(type)
      const known = await columnsOf(resources, group, type)
      if (!known) refuse(`${path} has '${word}': the dataset group ${group} has no dataset of type ${type}.`)
      for (const column of columns) {
        if (!known.includes(column)) {
          const meant = nearest(column, known)
          const rest = meant ? `did you mean ${meant}?` : `it has ${known.join(', ')}.`
          refuse(`${path}.${word} has '${column}', which is not in the schema of ${type}; ${rest}`)
        }
        if (member === 'excludedDatasetColumns' && isNeeded(type, column))
          refuse(`${path}.${word} has '${column}': training cannot do without it.`)
      }
    }
  }
}

async function columnsOf(resources: Resources, group: string, type: DatasetTypeName): Promise<string[] | undefined> {
  const found = await resources.firstWhere(dataset, ({ body }) => body.datasetType === type, group)
  return (
    found && parseSchema((await resources.get(schema, found.body.schemaArn)).body.schema).columns.map(each => each.name)
  )
}

/** Who, what and when; and the type of an event, which solutions ask for by name. */
const isNeeded = (type: DatasetTypeName, column: string): boolean =>
  column === 'EVENT_TYPE' || rulesFor(type)?.fields[column]?.required === true
