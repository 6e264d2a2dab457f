/** For every recipe data with an answer that it has to find. */
import { interactionsOf, walks } from '../models/toy.ts'
import type { RecipeCase } from './contract.ts'

/** After 7 comes 8, though 3 may be the most popular item. */
const nextStep = {
  interactions: walks({ userCount: 200, itemCount: 30, eventCount: 20 }),
  history: [3, 4, 5, 6, 7],
  expected: 8,
}
/** Item 0 has the most events, all of one user; item 1 has the most users. */
const popular = { interactions: interactionsOf([[0, 0, 0, 0, 0, 0], [1, 2], [1], [2, 1]]), history: [2], expected: 1 }

/**
 * Everybody has one of twenty pairs, half of them in the other order, and item 40, which most people have, at one end or the other. The other
 * item of the pair goes with an item, not the popular one.
 */
const pairs = {
  interactions: interactionsOf(
    Array.from({ length: 400 }, (_, user) => {
      const pair = user % 2 === 0 ? [2 * (user % 20), 2 * (user % 20) + 1] : [2 * (user % 20) + 1, 2 * (user % 20)]
      return user % 3 === 0 ? pair : user % 3 === 1 ? [40, ...pair] : [...pair, 40]
    }),
  ),
  history: [6],
  expected: 7,
}

/** Item 0 is met most, at all times; of the items from 1 to 40 one after the other is met ever more often for eight hours, and no more. */
const waves = Array.from({ length: 40 * 8 }, (_, hour) => ({ item: 1 + Math.floor(hour / 8), hour })).flatMap(
  ({ item, hour }) => [
    { item: 0, hour },
    ...Array<typeof item>(2 * (hour % 8))
      .fill(item)
      .map(each => ({ item: each, hour })),
  ],
)
const rising = {
  interactions: {
    ...interactionsOf([waves.map(({ item }) => item)]),
    times: Float64Array.from(waves, ({ hour }) => 3600 * hour),
  },
  history: [0],
  expected: 40,
}

/** Items 1 and 2 share a word, as 0 and 3 do; everybody has 0. */
const alike = {
  interactions: interactionsOf([[0, 1], [0, 2], [0, 3], [0]]),
  itemFeatures: {
    rowCount: 4,
    featureCount: 2,
    offsets: Uint32Array.of(0, 1, 2, 3, 4),
    features: Int32Array.of(1, 0, 0, 1),
    values: new Float32Array(4).fill(1),
  },
  history: [0, 1],
  expected: 2,
}

export const obvious: Record<string, RecipeCase['obvious']> = {
  'aws-item-affinity': nextStep,
  'aws-item-attribute-affinity': nextStep,
  // Without actions: what its histories are told in.
  'aws-next-best-action': nextStep,
  'aws-popularity-count': popular,
  'aws-personalized-ranking': nextStep,
  'aws-personalized-ranking-v2': nextStep,
  'aws-semantic-similarity': alike,
  'aws-similar-items': nextStep,
  'aws-sims': pairs,
  'aws-trending-now': rising,
  'aws-user-personalization': nextStep,
  'aws-user-personalization-v2': nextStep,
  'aws-hrnn': nextStep,
  'aws-hrnn-coldstart': nextStep,
  'aws-hrnn-metadata': nextStep,
}
