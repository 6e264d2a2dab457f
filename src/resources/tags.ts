/** Tags of a resource: at most fifty, one value a key, and none of the keys that the reference keeps for itself (lifecycle.md §8). */
import { ServiceError } from '../protocol/errors.ts'
import type { Tag, Transaction } from './stateStore.ts'

/** A request's own list may be longer (quotas.md §6) and is then refused as a whole. */
const TAGS_MAX = 50

/** A repeated key overwrites. Throws TooManyTagsException, InvalidInputException. */
export function checkedTags(tags: readonly Tag[]): Tag[] {
  const byKey = new Map(tags.map(tag => [tag.tagKey, tag]))
  if (byKey.size > TAGS_MAX) {
    throw new ServiceError(
      'TooManyTagsException',
      `${byKey.size} tags were given: a resource carries at most ${TAGS_MAX}.`,
    )
  }
  for (const key of byKey.keys()) {
    if (key.startsWith('aws:')) {
      throw new ServiceError('InvalidInputException', "A tag key must not start with 'aws:': that prefix is reserved.")
    }
  }
  return [...byKey.values()]
}

/** To those it has; a key it has gets the new value. Throws as `checkedTags`. */
export async function addTags(transaction: Transaction, arn: string, tags: readonly Tag[]): Promise<void> {
  const added = checkedTags(tags)
  const keys = new Set([...(await transaction.tagsOf(arn)), ...added].map(({ tagKey }) => tagKey))
  if (keys.size > TAGS_MAX) {
    throw new ServiceError(
      'TooManyTagsException',
      `Resource Arn ${arn} would carry ${keys.size} tags: a resource carries at most ${TAGS_MAX}.`,
    )
  }
  await transaction.setTags(arn, added)
}

/** Throws TooManyTagKeysException. A key that it does not have is no mistake. */
export async function removeTags(transaction: Transaction, arn: string, tagKeys: readonly string[]): Promise<void> {
  const keys = new Set(tagKeys)
  if (keys.size > TAGS_MAX) {
    throw new ServiceError(
      'TooManyTagKeysException',
      `${keys.size} tag keys were given: a resource carries at most ${TAGS_MAX} tags.`,
    )
  }
  await transaction.removeTags(arn, [...keys])
}
