/** optimizationObjective of a solution: the column of ITEMS whose sum recommendations are to raise. */
import { isNumeric, parseSchema } from '../datasets/schema.ts'
import { rulesFor } from '../datasets/schemaRules.ts'
import type { TypeOf } from '../protocol/shape.ts'
import type { Recipe } from '../recipes/recipe.ts'
import type { Resources } from '../resources/resources.ts'
import { dataset, schema } from '../resources/types.ts'
import { refuse } from './refuse.ts'
import type { SolutionConfig } from './shapes.ts'

type Objective = TypeOf<typeof SolutionConfig>['optimizationObjective']

/** Throws InvalidInputException where the recipe knows no objectives, or the group's ITEMS has no such column of numbers in every row. */
export async function checkObjective(
  asked: Objective,
  recipe: Recipe,
  group: string,
  resources: Resources,
): Promise<void> {
  const at = 'solutionConfig.optimizationObjective'
  if (asked === undefined || (asked.objectiveSensitivity ?? 'OFF') === 'OFF') return
  if (!recipe.objective)
    refuse(
      `${at} was given: it is for aws-user-personalization and aws-personalized-ranking, this solution is of ${recipe.name}.`,
    )
  const { itemAttribute } = asked
  if (itemAttribute === undefined) refuse(`${at}.itemAttribute is missing: a numeric column of ITEMS was expected.`)
  const items = await resources.firstWhere(dataset, ({ body }) => body.datasetType === 'ITEMS', group)
  if (!items)
    refuse(`${at}.itemAttribute was '${itemAttribute}': the dataset group ${group} has no dataset of type ITEMS.`)
  const { columns } = parseSchema((await resources.get(schema, items.body.schemaArn)).body.schema)
  const column = columns.find(({ name }) => name === itemAttribute)
  const usable = columns.filter(each => isNumeric(each) && !each.nullable && !rulesFor('ITEMS')?.fields[each.name])
  if (!column || !usable.includes(column))
    refuse(
      `${at}.itemAttribute was '${itemAttribute}': a numeric column of ITEMS that cannot be null was expected, which are ${usable.map(({ name }) => name).join(', ') || 'none'}.`,
    )
}
