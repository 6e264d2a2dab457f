import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkSchemaForType, type DatasetType, type Domain, parseSchema } from '../../src/datasets/schema.ts'
import { Refusal } from '../../src/lib/refusal.ts'

type Field = Record<string, unknown>
const string = (name: string, more: Field = {}): Field => ({ name, type: 'string', ...more })
const long = (name: string): Field => ({ name, type: 'long' })
const float = (name: string): Field => ({ name, type: 'float' })
const nullable = (name: string, type: string, more: Field = {}): Field => ({ name, type: ['null', type], ...more })
const categorical = { categorical: true }

const ids: Record<string, Field[]> = {
  Interactions: [string('USER_ID'), string('ITEM_ID'), long('TIMESTAMP')],
  Items: [string('ITEM_ID')],
  Users: [string('USER_ID')],
  Actions: [string('ACTION_ID')],
  ActionInteractions: [string('USER_ID'), string('ACTION_ID'), string('EVENT_TYPE'), long('TIMESTAMP')],
}

const avro = (name: string, fields: unknown, more: Field = {}): string =>
  JSON.stringify({
    type: 'record',
    name,
    namespace: 'com.amazonaws.personalize.schema',
    fields,
    version: '1.0',
    ...more,
  })

const check = (name: string, fields: Field[], domain?: Domain) => {
  const schema = parseSchema(avro(name, fields))
  checkSchemaForType(schema, schema.datasetType, domain)
  return schema
}

const refuses = (run: () => unknown, message: string) =>
  assert.throws(run, error => {
    assert.ok(error instanceof Refusal)
    assert.equal(error.message, message)
    return true
  })

test("the guide's example becomes columns", () => {
  const schema = check('Interactions', [
    ...ids.Interactions,
    string('EVENT_TYPE'),
    nullable('EVENT_VALUE', 'float'),
    { name: 'DEVICE', type: ['string', 'null'], categorical: true },
    { name: 'DOMAIN_DEFAULT', type: ['string'], categorical: true },
  ])
  const plain = { nullable: false, categorical: false, textual: false, itemName: false }
  assert.deepEqual(schema, {
    datasetType: 'INTERACTIONS',
    columns: [
      { name: 'USER_ID', type: 'string', ...plain },
      { name: 'ITEM_ID', type: 'string', ...plain },
      { name: 'TIMESTAMP', type: 'long', ...plain },
      { name: 'EVENT_TYPE', type: 'string', ...plain },
      { name: 'EVENT_VALUE', type: 'float', ...plain, nullable: true },
      { name: 'DEVICE', type: 'string', ...plain, nullable: true, categorical: true },
      { name: 'DOMAIN_DEFAULT', type: 'string', ...plain, categorical: true },
    ],
  })
})

test('what is not a schema at all', () => {
  const fields = ids.Users
  assert.throws(() => parseSchema('{'), /^Refusal: The schema is not JSON: .*\.$/)
  const whole = 'The schema must be a JSON object with type, name, namespace, fields and version.'
  for (const text of ['[]', 'null', '"record"', '1']) refuses(() => parseSchema(text), whole)
  refuses(
    () => parseSchema(avro('Users', fields, { type: 'array' })),
    `The schema's type must be 'record', not "array".`,
  )
  const names = 'Interactions, Items, Users, Actions, ActionInteractions'
  refuses(() => parseSchema(avro('users', fields)), `The schema's name must be one of ${names}, not "users".`)
  refuses(() => parseSchema(avro('toString', fields)), `The schema's name must be one of ${names}, not "toString".`)
  refuses(() => parseSchema(avro('Users', fields, { name: 7 })), `The schema's name must be one of ${names}, not 7.`)
  refuses(
    () => parseSchema(avro('Users', fields, { namespace: undefined })),
    "The schema's namespace must be 'com.amazonaws.personalize.schema', not absent.",
  )
  refuses(() => parseSchema(avro('Users', fields, { version: 1 })), "The schema's version must be '1.0', not 1.")
  const list = "The schema's fields must be a list of at least one field."
  for (const none of [undefined, [], {}, 'USER_ID']) refuses(() => parseSchema(avro('Users', none)), list)
})

test('what is not a field', () => {
  const parse = (field: unknown) => () => parseSchema(avro('Users', [string('USER_ID'), field]))
  const object = 'Field 2 of the schema must be an object with a name and a type.'
  for (const field of ['A', null, [], {}, { name: 1, type: 'string' }]) refuses(parse(field), object)
  const name = 'a name must have up to 150 letters, digits and underscores, and not begin with a digit.'
  for (const bad of ['', '1A', 'A-B', 'A B', 'É', 'A\n', 'A'.repeat(151)])
    refuses(parse(string(bad)), `Field ${JSON.stringify(bad)}: ${name}`)
  assert.equal(parseSchema(avro('Users', [string('A'.repeat(150))])).columns.length, 1)
  const types =
    'the type must be one of string, int, long, float, double, boolean, or a list of one of them and null, not'
  const bad: [unknown, string][] = [
    [undefined, 'absent'],
    ['null', '"null"'],
    ['bytes', '"bytes"'],
    ['String', '"String"'],
    [[], '[]'],
    [['null'], '["null"]'],
    [['null', 'null', 'string'], '["null","null","string"]'],
    [['int', 'long'], '["int","long"]'],
    [['null', 'int', 'long'], '["null","int","long"]'],
    [{ type: 'array', items: 'string' }, '{"type":"array","items":"string"}'],
    [[{ type: 'record' }, 'null'], '[{"type":"record"},"null"]'],
  ]
  for (const [type, shown] of bad) refuses(parse({ name: 'A', type }), `Field A: ${types} ${shown}.`)
  refuses(parse(string('A', { categorical: 'true' })), 'Field A: categorical must be true or false, not "true".')
  refuses(parse(string('A', { categorical: true, textual: true })), 'Field A cannot be both categorical and textual.')
  refuses(parse({ name: 'A', type: 'int', textual: true }), 'Field A: only a string can be textual, not type int.')
  refuses(parse({ name: 'A', type: 'long', itemName: true }), 'Field A: only a string can be itemName, not type long.')
})

test('names must differ in more than underscores and case', () => {
  const pair = (a: string, b: string) => () => parseSchema(avro('Users', [string(a), string(b)]))
  const rule = 'names must differ in more than underscores and upper or lower case.'
  refuses(pair('GENRES_FIELD_1', 'GENRESFIELD1'), `Fields GENRES_FIELD_1 and GENRESFIELD1: ${rule}`)
  refuses(pair('GENRE', 'GENRE'), `Fields GENRE and GENRE: ${rule}`)
  refuses(pair('GENRE', 'genre'), `Fields GENRE and genre: ${rule}`)
  assert.equal(pair('GENRE_1', 'GENRE_2')().columns.length, 2)
})

test('required fields, and the fixed types of reserved ones', () => {
  const required: Record<string, [DatasetType, string]> = {
    Interactions: ['INTERACTIONS', 'an INTERACTIONS'],
    Items: ['ITEMS', 'an ITEMS'],
    Users: ['USERS', 'a USERS'],
    Actions: ['ACTIONS', 'an ACTIONS'],
    ActionInteractions: ['ACTION_INTERACTIONS', 'an ACTION_INTERACTIONS'],
  }
  for (const [name, [type, words]] of Object.entries(required)) {
    const all = [...ids[name], string('OTHER', categorical)]
    assert.equal(check(name, all).datasetType, type)
    for (const missing of ids[name])
      refuses(
        () =>
          check(
            name,
            all.filter(field => field !== missing),
          ),
        `The schema has no field ${missing.name}, which ${words} schema must have.`,
      )
  }
  const withField = (name: string, field: Field) => () =>
    check(name, [...ids[name].filter(each => each.name !== field.name), string('OTHER', categorical), field])
  refuses(
    withField('Items', { name: 'ITEM_ID', type: 'long' }),
    'Field ITEM_ID is reserved: its type must be string, not long.',
  )
  refuses(
    withField('Interactions', string('TIMESTAMP')),
    'Field TIMESTAMP is reserved: its type must be long, not string.',
  )
  refuses(
    withField('Interactions', nullable('USER_ID', 'string')),
    'Field USER_ID is reserved: its type string cannot be a union with null.',
  )
  refuses(
    withField('Interactions', nullable('EVENT_TYPE', 'string')),
    'Field EVENT_TYPE is reserved: its type string cannot be a union with null.',
  )
  refuses(
    withField('Interactions', string('EVENT_TYPE', categorical)),
    'Field EVENT_TYPE is reserved and cannot be categorical.',
  )
  refuses(withField('Items', string('ITEM_ID', { textual: true })), 'Field ITEM_ID is reserved and cannot be textual.')
  for (const name of ['EVENT_VALUE', 'IMPRESSION', 'RECOMMENDATION_ID', 'EVENT_ATTRIBUTION_SOURCE'])
    withField('Interactions', nullable(name, name === 'EVENT_VALUE' ? 'float' : 'string'))()
  withField('Actions', nullable('REPEAT_FREQUENCY', 'long'))()
  refuses(
    withField('Actions', nullable('CREATION_TIMESTAMP', 'long')),
    'Field CREATION_TIMESTAMP is reserved: its type long cannot be a union with null.',
  )
})

test('a schema of one type is not one of another', () =>
  refuses(
    () => checkSchemaForType(parseSchema(avro('Items', ids.Items)), 'USERS'),
    'The schema is one for ITEMS, and a schema for USERS was expected.',
  ))

test('metadata: one field at least where things are described, and no more than the quota', () => {
  const least = 'schema must have at least one field that is categorical'
  refuses(() => check('Users', ids.Users), `The schema has no metadata field: a USERS ${least} or numeric.`)
  refuses(() => check('Items', ids.Items), `The schema has no metadata field: an ITEMS ${least}, textual or numeric.`)
  refuses(
    () => check('Items', [...ids.Items, string('NOTE'), { name: 'FLAG', type: 'boolean' }]),
    `The schema has no metadata field: an ITEMS ${least}, textual or numeric.`,
  )
  for (const field of [
    float('PRICE'),
    string('TEXT', { textual: true }),
    string('GENRE', categorical),
    long('CREATION_TIMESTAMP'),
  ])
    check('Items', [...ids.Items, field])
  const maxima: [string, string, number][] = [
    ['Interactions', 'an INTERACTIONS', 5],
    ['ActionInteractions', 'an ACTION_INTERACTIONS', 5],
    ['Users', 'a USERS', 25],
    ['Items', 'an ITEMS', 100],
    ['Actions', 'an ACTIONS', 10],
  ]
  for (const [name, words, max] of maxima) {
    const fields = Array.from({ length: max + 1 }, (_, i) => float(`M${i}X`))
    check(name, [...ids[name], ...fields.slice(1)])
    refuses(
      () => check(name, [...ids[name], ...fields]),
      `The schema has ${max + 1} metadata fields; ${words} schema can have at most ${max}.`,
    )
  }
})

test('text belongs to items, once', () => {
  const textual = { textual: true }
  refuses(
    () => check('Users', [...ids.Users, float('AGE'), string('BIO', textual)]),
    'Field BIO: only an ITEMS schema can have a field that is textual.',
  )
  refuses(
    () => check('Items', [...ids.Items, string('A', textual), string('B', textual)]),
    'Fields A, B: only one field of a schema can be textual.',
  )
  refuses(
    () => check('Users', [...ids.Users, float('AGE'), string('NAME', { itemName: true })]),
    'Field NAME: only an ITEMS schema can have a field that is itemName.',
  )
  check('Items', [...ids.Items, string('TITLE', { itemName: true }), string('TEXT', textual)])
})

test('domains have their own required and reserved fields, and no actions', () => {
  const shop = [...ids.Items, float('PRICE'), string('CATEGORY_L1', categorical)]
  const film = [...ids.Items, string('GENRES', categorical), long('CREATION_TIMESTAMP')]
  check(
    'Items',
    [
      ...shop,
      nullable('CATEGORY_L2', 'string', categorical),
      nullable('PRODUCT_DESCRIPTION', 'string', { textual: true }),
    ],
    'ECOMMERCE',
  )
  check('Items', [...film, nullable('AVERAGE_RATING', 'float')], 'VIDEO_ON_DEMAND')
  refuses(() => check('Items', film, 'ECOMMERCE'), 'The schema has no field PRICE, which an ITEMS schema must have.')
  refuses(
    () => check('Items', shop, 'VIDEO_ON_DEMAND'),
    'The schema has no field GENRES, which an ITEMS schema must have.',
  )
  refuses(
    () => check('Items', [...ids.Items, float('PRICE'), string('CATEGORY_L1')], 'ECOMMERCE'),
    'Field CATEGORY_L1 is reserved and must be categorical.',
  )
  refuses(
    () => check('Items', [...shop, string('PRODUCT_DESCRIPTION')], 'ECOMMERCE'),
    'Field PRODUCT_DESCRIPTION is reserved and must be textual.',
  )
  refuses(
    () => check('Interactions', ids.Interactions, 'ECOMMERCE'),
    'The schema has no field EVENT_TYPE, which an INTERACTIONS schema must have.',
  )
  check('Interactions', [...ids.Interactions, string('EVENT_TYPE')], 'VIDEO_ON_DEMAND')
  check('Users', [...ids.Users, string('MEMBERSHIP_STATUS', categorical)], 'ECOMMERCE')
  refuses(
    () => check('Actions', [...ids.Actions, float('X')], 'ECOMMERCE'),
    'The domain ECOMMERCE has no ACTIONS dataset.',
  )
})
