/** The schema of a dataset of interactions: the three columns that there have to be, and these. */
export const interactionsSchema = (more: object[] = []): string =>
  JSON.stringify({
    type: 'record',
    name: 'Interactions',
    namespace: 'com.amazonaws.personalize.schema',
    fields: [
      { name: 'USER_ID', type: 'string' },
      { name: 'ITEM_ID', type: 'string' },
      { name: 'TIMESTAMP', type: 'long' },
      ...more,
    ],
    version: '1.0',
  })
