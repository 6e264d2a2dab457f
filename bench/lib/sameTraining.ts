/** Recipes that train alike, so that one row of a table is about all of them. */

export const POOL = 'aws-user-personalization-v2'
export const LOW_RANK = 'aws-user-personalization'

/** Recipes whose training is another one's, by what they share (src/recipes/recurrentFamily.ts, transformerFamily.ts, affinityFamily.ts). */
const SAME: Readonly<Record<string, readonly string[]>> = {
  [POOL]: ['aws-personalized-ranking-v2'],
  [LOW_RANK]: ['aws-personalized-ranking', 'aws-hrnn-coldstart'],
  'aws-hrnn': ['aws-hrnn-metadata'],
  'aws-item-affinity': ['aws-item-attribute-affinity'],
}

/** The recipe's name, and those whose model it is too. */
export const withSame = (name: string): string => [name, ...(SAME[name] ?? [])].join(', ')

/** Whether another recipe's row is about this one too. */
export const isAnothers = (name: string): boolean => Object.values(SAME).some(names => names.includes(name))
