import assert from 'node:assert/strict'
import { test } from 'node:test'
import { domainRecipeByArn, domainRecipes } from '../../src/recipes/index.ts'

test('the use cases of the domains, as in spec/recipes.md §6: type, events, datasets, exploration, model', () => {
  const rows = domainRecipes.map(({ name, domain, type, eventType, needsItems, exploration, model }) =>
    [
      name,
      domain,
      type,
      eventType ?? 'any',
      needsItems ? 'items' : '-',
      exploration ? 'exploration' : '-',
      model.name,
    ].join(' '),
  )
  assert.deepEqual(rows, [
    'aws-ecomm-customers-who-viewed-x-also-viewed ECOMMERCE RELATED_ITEMS View - - aws-similar-items',
    'aws-ecomm-frequently-bought-together ECOMMERCE RELATED_ITEMS Purchase - - aws-ecomm-frequently-bought-together',
    'aws-ecomm-popular-items-by-purchases ECOMMERCE POPULAR_ITEMS Purchase - - aws-popularity-count',
    'aws-ecomm-popular-items-by-views ECOMMERCE POPULAR_ITEMS View - - aws-popularity-count',
    'aws-ecomm-recommended-for-you ECOMMERCE USER_PERSONALIZATION any - exploration aws-user-personalization-v2',
    'aws-vod-because-you-watched-x VIDEO_ON_DEMAND RELATED_ITEMS Watch - - aws-similar-items',
    'aws-vod-more-like-x VIDEO_ON_DEMAND RELATED_ITEMS any items - aws-similar-items',
    'aws-vod-most-popular VIDEO_ON_DEMAND POPULAR_ITEMS Watch - - aws-popularity-count',
    'aws-vod-top-picks VIDEO_ON_DEMAND USER_PERSONALIZATION any items exploration aws-user-personalization-v2',
    'aws-vod-trending-now VIDEO_ON_DEMAND POPULAR_ITEMS any - - aws-vod-trending-now',
  ])
})

test('a use case is found by its ARN, and says what it is', () => {
  for (const each of domainRecipes) {
    assert.equal(domainRecipeByArn(`arn:aws:personalize:::recipe/${each.name}`), each)
    assert.ok(each.description.length > 40)
    assert.ok(each.lastUpdatedDateTime > each.creationDateTime)
  }
  assert.equal(domainRecipeByArn('arn:aws:personalize:::recipe/aws-popularity-count'), undefined)
})
