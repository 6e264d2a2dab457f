/** Schemas of things and people, with a column of every kind. */
type Field = { name: string; type: string | string[]; categorical?: boolean; textual?: boolean }

const schema = (name: string, fields: Field[]): string =>
  JSON.stringify({
    type: 'record',
    name,
    namespace: 'com.amazonaws.personalize.schema',
    fields,
    version: '1.0',
  })

export const itemsSchema = (more: Field[] = []): string =>
  schema('Items', [
    { name: 'ITEM_ID', type: 'string' },
    { name: 'GENRE', type: ['null', 'string'], categorical: true },
    { name: 'TEXT', type: ['null', 'string'], textual: true },
    { name: 'PRICE', type: ['null', 'float'] },
    { name: 'STOCK', type: ['null', 'long'] },
    { name: 'NEW', type: ['null', 'boolean'] },
    ...more,
  ])

export const usersSchema = (more: Field[] = []): string =>
  schema('Users', [{ name: 'USER_ID', type: 'string' }, { name: 'AGE', type: ['null', 'int'] }, ...more])
