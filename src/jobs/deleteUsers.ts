/**
 * CreateDataDeletionJob's work: users vanish from the datasets of a group, and from its models.
 *
 * It runs alone in its group: imports and trainings that were asked for before it have ended, those that are asked for later wait and begin
 * with what it leaves. So the order of requests is the order of effects, nothing that is imported is lost, and no training or batch job can
 * be in the middle of the old data. What waits has named its data or its model already: the last transaction gives it the new names,
 * together with the datasets and the solution versions; after it nobody names the old objects, and the sweep removes them.
 */
import type { DeletedUsers, UserDeletion } from '../datasets/deleteUsers.ts'
import type { Resources } from '../resources/resources.ts'
import type { StoredResource } from '../resources/stateStore.ts'
import {
  type DatasetTypeName,
  dataDeletionJob,
  dataset,
  recommender,
  solutionVersion,
  types,
} from '../resources/types.ts'
import { artifactNames, type Renaming, withNewNames } from './artifactNames.ts'
import { ARTIFACTS_BUCKET, type ComputeContext } from './computeContext.ts'
import { workKind } from './workKind.ts'

const GROUP_PAGE = 1_000

interface DeletionDescription extends UserDeletion {
  /** The parts of the datasets, whose rows are counted: waiting work may name others, of an import that has been replaced. */
  readonly counted: readonly string[]
  readonly models: readonly string[]
  readonly modelsPrefix: string
}

interface DeletionResult {
  readonly parts: DeletedUsers['parts']
  readonly models: readonly (readonly [before: string, after: string])[]
  readonly numDeleted: number
}

/** Datasets whose USER_ID is a person. In those of things a column of that name says what their owner wants it to. */
const PEOPLES: readonly string[] = ['INTERACTIONS', 'USERS', 'ACTION_INTERACTIONS'] satisfies DatasetTypeName[]

/** Names of artifacts with items and actions, wherever a record has them. */
function thingsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, each]) => {
    if (key === 'items' || key === 'ITEMS' || key === 'ACTIONS') return artifactNames(each)
    return key === 'actions' ? artifactNames(each?.imports) : thingsIn(each)
  })
}

export const deleteUsers = workKind({
  name: 'deleteUsers',
  makes: dataDeletionJob,
  alone: true,
  async describe(job, resources, { workId, attempt }): Promise<DeletionDescription> {
    const group = job.body.datasetGroupArn
    const datasets = await groupsDatasets(resources, group)
    const counted = datasets
      .filter(({ body }) => PEOPLES.includes(body.datasetType))
      .flatMap(({ hidden }) => partsOf(hidden.imports))
    const waiting: string[] = []
    const models: string[] = []
    for await (const { arn, type, hidden } of membersOf(resources, group)) {
      const names = artifactNames(hidden)
      const work = await resources.transaction.workOf(arn)
      if (work?.state === 'queued') {
        const things = new Set(thingsIn(hidden))
        waiting.push(...names.filter(name => name.startsWith('imports/') && !things.has(name)))
      }
      if (type === solutionVersion.type || type === recommender.type)
        models.push(...names.filter(name => name.startsWith('models/')))
    }
    const parts = [...new Set([...counted, ...waiting])]
    await resources.keep(job, { reads: [{ parts, rowCount: 0 }], models })
    return {
      source: job.body.dataSource.dataLocation ?? '',
      sourceBytesMax: resources.limits.deletionInputBytes,
      bucket: ARTIFACTS_BUCKET,
      parts,
      counted,
      interactions: await partsIn(resources, group, 'INTERACTIONS'),
      items: await partsIn(resources, group, 'ITEMS'),
      targetPrefix: `imports/${workId}-${attempt}/`,
      models,
      modelsPrefix: `models/${workId}-${attempt}/`,
    }
  },
  async run(description: DeletionDescription, context): Promise<DeletionResult> {
    const { deleteUsers } = await import('../datasets/deleteUsers.ts')
    const deleted = await deleteUsers(description, context)
    const counted = new Set(description.counted)
    return {
      parts: deleted.parts,
      models: await forgetInModels(description, deleted, context),
      numDeleted: deleted.parts.reduce(
        (sum, { part, removedCount }) => sum + (counted.has(part) ? removedCount : 0),
        0,
      ),
    }
  },
  async settle({ body }, { parts, models, numDeleted }, resources) {
    const renaming: Renaming = {
      parts: new Map(parts.map(({ part, key, removedCount }) => [part, { key, removedCount }])),
      models: new Map(models),
    }
    for await (const member of membersOf(resources, body.datasetGroupArn)) {
      const hidden = withNewNames(member.hidden, renaming)
      if (hidden !== member.hidden) await resources.keep(member, hidden)
    }
    return { body: { ...body, numDeleted } }
  },
})

/** One after the other: a model may take most of the memory that a job may have. */
async function forgetInModels(
  { models, modelsPrefix }: DeletionDescription,
  gone: DeletedUsers,
  { artifacts, signal, progress }: ComputeContext,
): Promise<[string, string][]> {
  const { loadModel, saveModel } = await import('../recipes/modelFile.ts')
  const { copyEvaluation } = await import('../recipes/evaluationFile.ts')
  const { withoutUsers } = await import('../recipes/forget.ts')
  const place = (key: string) => ({ artifacts, prefix: { bucket: ARTIFACTS_BUCKET, key } })
  const written: [string, string][] = []
  for (const [number, before] of models.entries()) {
    progress({ stage: 'deletion: models', done: number, total: models.length, unit: 'models' })
    const left = withoutUsers(await loadModel(place(before), { signal }), gone)
    if (!left) continue
    const after = `${modelsPrefix}${number}/`
    await saveModel(place(after), left, { signal })
    await copyEvaluation(place(before), place(after), { signal })
    written.push([before, after])
  }
  return written
}

const partsOf = (imports: readonly { readonly parts: readonly string[] }[]): string[] =>
  imports.flatMap(({ parts }) => parts)

async function groupsDatasets(resources: Resources, group: string) {
  return (await resources.list(dataset, { parent: group })).resources
}

async function partsIn(resources: Resources, group: string, type: DatasetTypeName): Promise<string[]> {
  const found = await resources.firstWhere(dataset, each => each.body.datasetType === type, group)
  return partsOf(found?.hidden.imports ?? [])
}

/** Everything that is in the group. */
async function* membersOf({ transaction, scope }: Resources, group: string): AsyncGenerator<StoredResource> {
  for (const { type } of types) {
    for (let before: number | undefined; ; ) {
      const page = await transaction.list({ type, ...scope, group }, { limit: GROUP_PAGE, before })
      yield* page
      if (page.length < GROUP_PAGE) break
      before = page.at(-1)?.sequence
    }
  }
}
