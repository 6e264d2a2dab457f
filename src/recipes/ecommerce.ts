/** The use cases of shops (spec/recipes.md §6). */
import { boughtTogether } from './boughtTogether.ts'
import { domainRecipe } from './domainRecipe.ts'
import { popularityCount } from './popularityCount.ts'
import { similarItems } from './similarItems.ts'
import { userPersonalizationV2 } from './userPersonalizationV2.ts'

const domain = 'ECOMMERCE'

export const ecommerce = [
  domainRecipe({
    name: 'aws-ecomm-customers-who-viewed-x-also-viewed',
    domain,
    type: 'RELATED_ITEMS',
    description:
      'Customers who viewed X also viewed: items that were viewed by those who viewed the one named. The model of aws-similar-items.',
    eventType: 'View',
    model: similarItems,
  }),
  domainRecipe({
    name: 'aws-ecomm-frequently-bought-together',
    domain,
    type: 'RELATED_ITEMS',
    description:
      'Frequently bought together: items that were bought with the one named, in one basket. Co-occurrence discounted by popularity.',
    eventType: 'Purchase',
    model: boughtTogether,
  }),
  domainRecipe({
    name: 'aws-ecomm-popular-items-by-purchases',
    domain,
    type: 'POPULAR_ITEMS',
    description: 'Best sellers: the items that the most different users bought. The model of aws-popularity-count.',
    eventType: 'Purchase',
    model: popularityCount,
  }),
  domainRecipe({
    name: 'aws-ecomm-popular-items-by-views',
    domain,
    type: 'POPULAR_ITEMS',
    description: 'Most viewed: the items that the most different users viewed. The model of aws-popularity-count.',
    eventType: 'View',
    model: popularityCount,
  }),
  domainRecipe({
    name: 'aws-ecomm-recommended-for-you',
    domain,
    type: 'USER_PERSONALIZATION',
    description:
      'Recommended for you: what a user is likely to interact with next. The model of aws-user-personalization-v2.',
    exploration: true,
    model: userPersonalizationV2,
  }),
]
