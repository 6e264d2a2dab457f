/**
 * UpdateDataset's work: another schema, which the request has found to keep all of the old one's columns. What was imported stays as it is:
 * readers take a column that a part does not have for null. Solutions that are there already leave the new columns out of training.
 */
import { parseSchema } from '../datasets/schema.ts'
import { assert } from '../lib/assert.ts'
import type { Resources } from '../resources/resources.ts'
import {
  type DatasetBody,
  type DatasetHidden,
  type DatasetTypeName,
  dataset,
  schema,
  solution,
} from '../resources/types.ts'
import { workKind } from './workKind.ts'

export const updateDataset = workKind<DatasetBody, DatasetHidden, undefined, undefined>({
  name: 'updateDataset',
  makes: dataset,
  async settle({ body }, _result, resources) {
    assert(body.latestDatasetUpdate)
    const { schemaArn } = body.latestDatasetUpdate
    const before = await columnsOf(resources, body.schemaArn)
    const added = (await columnsOf(resources, schemaArn)).filter(name => !before.includes(name))
    if (added.length > 0) await leaveOut(resources, body.datasetGroupArn, body.datasetType, added)
    return { body: { ...body, schemaArn } }
  },
})

async function columnsOf(resources: Resources, schemaArn: string): Promise<string[]> {
  const { body } = await resources.get(schema, schemaArn)
  return parseSchema(body.schema).columns.map(({ name }) => name)
}

async function leaveOut(resources: Resources, group: string, type: DatasetTypeName, added: readonly string[]) {
  for (let nextToken: string | undefined; ; ) {
    const page = await resources.list(solution, { parent: group, nextToken })
    for (const each of page.resources) {
      const { laterColumns } = each.hidden
      const columns = [...(laterColumns?.[type] ?? []), ...added]
      await resources.keep(each, { ...each.hidden, laterColumns: { ...laterColumns, [type]: columns } })
    }
    if (page.nextToken === undefined) return
    nextToken = page.nextToken
  }
}
