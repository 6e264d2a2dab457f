/** The use cases of film services (spec/recipes.md §6). */
import { domainRecipe } from './domainRecipe.ts'
import { popularityCount } from './popularityCount.ts'
import { similarItems } from './similarItems.ts'
import { userPersonalizationV2 } from './userPersonalizationV2.ts'
import { VOD_TRENDS_SECONDS, vodTrendingNow } from './vodTrendingNow.ts'

const domain = 'VIDEO_ON_DEMAND'

export const videoOnDemand = [
  domainRecipe({
    name: 'aws-vod-because-you-watched-x',
    domain,
    type: 'RELATED_ITEMS',
    description:
      'Because you watched X: videos that users watched who also watched the one named. The model of aws-similar-items.',
    eventType: 'Watch',
    model: similarItems,
  }),
  domainRecipe({
    name: 'aws-vod-more-like-x',
    domain,
    type: 'RELATED_ITEMS',
    description: 'More like X: videos that are similar to the one named. The model of aws-similar-items.',
    needsItems: true,
    model: similarItems,
  }),
  domainRecipe({
    name: 'aws-vod-most-popular',
    domain,
    type: 'POPULAR_ITEMS',
    description: 'Most popular: the videos that the most different users watched. The model of aws-popularity-count.',
    eventType: 'Watch',
    model: popularityCount,
  }),
  domainRecipe({
    name: 'aws-vod-top-picks',
    domain,
    type: 'USER_PERSONALIZATION',
    description: 'Top picks for you: what a user is likely to watch next. The model of aws-user-personalization-v2.',
    needsItems: true,
    exploration: true,
    model: userPersonalizationV2,
  }),
  domainRecipe({
    name: 'aws-vod-trending-now',
    domain,
    type: 'POPULAR_ITEMS',
    description:
      'Trending now: the videos whose popularity grows fastest. The model of aws-trending-now, over two hours.',
    model: vodTrendingNow,
    retrainingSeconds: VOD_TRENDS_SECONDS,
  }),
]
