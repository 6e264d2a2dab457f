/** The schema of a dataset of interactions, as the benches import them: the three columns that there have to be, and these. */
export const interactionsSchema = (...more: readonly { readonly name: string; readonly type: unknown }[]): string =>
  JSON.stringify({
    type: 'record',
    name: 'Interactions',
    namespace: 'com.amazonaws.personalize.schema',
    version: '1.0',
    fields: [
      { name: 'USER_ID', type: 'string' },
      { name: 'ITEM_ID', type: 'string' },
      { name: 'TIMESTAMP', type: 'long' },
      ...more,
    ],
  })
