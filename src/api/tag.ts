/** Tags: what a person writes on a resource to find it again. Every type may carry them but schemas and metric attributions. */
import { ServiceError } from '../protocol/errors.ts'
import { list, optional, structure } from '../protocol/shape.ts'
import type { Resources } from '../resources/resources.ts'
import type { StoredResource } from '../resources/stateStore.ts'
import { addTags, removeTags } from '../resources/tags.ts'
import { typeNamed } from '../resources/types.ts'
import { operation } from './operation.ts'
import { refuse, refuseNow } from './refuse.ts'
import { Arn, TagKey, Tags } from './shapes.ts'

async function taggable(arn: string, resources: Resources): Promise<StoredResource> {
  const found = await resources.findAny(arn)
  if (!found) throw new ServiceError('ResourceNotFoundException', `Resource Arn ${arn} does not exist.`)
  if (!typeNamed(found.type).taggable) {
    refuse(`Resource Arn ${arn} is a ${found.type}, which cannot carry tags.`)
  }
  return found
}

/** As `taggable`, and not going away. */
async function changeable(arn: string, resources: Resources): Promise<StoredResource> {
  const found = await taggable(arn, resources)
  if (found.status?.startsWith('DELETE')) {
    refuseNow(`Resource Arn ${arn} is in status ${found.status}: its tags cannot be changed any more.`)
  }
  return found
}

const tagResource = operation({
  name: 'TagResource',
  input: structure({ resourceArn: Arn, tags: Tags }),
  output: structure({}),
  errors: [
    'InvalidInputException',
    'ResourceNotFoundException',
    'TooManyTagsException',
    'ResourceInUseException',
    'LimitExceededException',
  ],
  async handle({ resourceArn, tags }, { resources }) {
    const { arn } = await changeable(resourceArn, resources)
    await addTags(resources.transaction, arn, tags)
    return {}
  },
})

const untagResource = operation({
  name: 'UntagResource',
  input: structure({ resourceArn: Arn, tagKeys: list(TagKey, { min: 0, max: 200 }) }),
  output: structure({}),
  errors: ['InvalidInputException', 'ResourceNotFoundException', 'TooManyTagKeysException', 'ResourceInUseException'],
  async handle({ resourceArn, tagKeys }, { resources }) {
    const { arn } = await changeable(resourceArn, resources)
    await removeTags(resources.transaction, arn, tagKeys)
    return {}
  },
})

const listTagsForResource = operation({
  name: 'ListTagsForResource',
  input: structure({ resourceArn: Arn }),
  output: structure({ tags: optional(Tags) }),
  errors: ['InvalidInputException', 'ResourceNotFoundException', 'ResourceInUseException'],
  async handle({ resourceArn }, { resources }) {
    const { arn } = await taggable(resourceArn, resources)
    return { tags: await resources.transaction.tagsOf(arn) }
  },
})

export const tagOperations = [tagResource, untagResource, listTagsForResource]
