/**
 * The examples of docs/guides/filters.md on the data they are about, each as it stands there: read from the page, carried out on the CSV,
 * and compared with rows picked by hand-written JavaScript. And every line of docs/reference/filters.md has its case.
 */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { importCsv } from '../../src/datasets/import.ts'
import type { ImportedRows, ReadContext } from '../../src/datasets/read.ts'
import { type DatasetType, parseSchema } from '../../src/datasets/schema.ts'
import { firstRows } from '../../src/filters/bitset.ts'
import { type FilterSchemas, planFilter } from '../../src/filters/check.ts'
import { allowedSet, FilterMasks } from '../../src/filters/masks.ts'
import { readFilterData } from '../../src/filters/read.ts'
import type { FilterValues } from '../../src/filters/values.ts'
import { quietControl } from '../../src/lib/work.ts'
import { openObjectStore } from '../../src/objects/open.ts'
import { temporaryFolder } from '../support/server.ts'
import { schemaText } from './sample.ts'

const shared = process.env.SOMMELIER_SHARED ?? '../shared'
const page = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')

/** The `n`th expression of the guide's section, as in its code blocks. */
function guideExpressions(section: string): string[] {
  const [, text] = new RegExp(`^## ${section}$([\\s\\S]*?)(?=^## |$(?![\\s\\S]))`, 'm').exec(page('guides/filters.md'))!
  return [...text.matchAll(/^```sql\n([\s\S]*?)\n```$/gm)].map(([, expression]) => expression)
}

type Row = Readonly<Record<string, string>>

/** Plain enough for these files: no quote in them spans a line. */
function readCsv(path: string): Row[] {
  const [header, ...lines] = readFileSync(path, 'utf8').trimEnd().split(/\r?\n/)
  const names = header.split(',')
  return lines.map(line => {
    const cells = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
      ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain,
    )
    return Object.fromEntries(names.map((name, i) => [name, cells[i]]))
  })
}

interface Shelf {
  readonly rows: Readonly<Record<'items' | 'users' | 'interactions', Row[]>>
  passes(expression: string, request: { user?: string; values?: FilterValues }): Promise<Set<string>>
}

async function openShelf(
  name: string,
  fields: Readonly<Partial<Record<DatasetType, readonly object[]>>>,
): Promise<Shelf> {
  const root = temporaryFolder()
  const folder = join(shared, 'data')
  const artifacts = openObjectStore({ kind: 'folder', root: join(root, 'artifacts') })
  await artifacts.createBucket('a')
  let scratch = 0
  const context = (): ReadContext => {
    const scratchFolder = join(root, `scratch-${scratch++}`)
    mkdirSync(scratchFolder)
    return { ...quietControl, artifacts, scratchFolder, threads: 2 }
  }
  const imports: Partial<Record<DatasetType, ImportedRows[]>> = {}
  const schemas: FilterSchemas = new Map(
    Object.entries(fields).map(([type, list]) => [
      type as DatasetType,
      parseSchema(schemaText(type as DatasetType, list)),
    ]),
  )
  for (const [datasetType, list] of Object.entries(fields) as [DatasetType, readonly object[]][]) {
    const imported = await importCsv(
      {
        source: `s3://${name}/${datasetType.toLowerCase()}.csv`,
        datasetType,
        schema: schemaText(datasetType, list),
        importMode: 'FULL',
        sourceBytesMax: Number.POSITIVE_INFINITY,
        bucket: 'a',
        targetPrefix: `imports/${datasetType}/`,
      },
      { ...context(), objects: openObjectStore({ kind: 'folder', root: folder }) },
    )
    imports[datasetType] = [imported]
  }
  const rows = (file: string) => readCsv(join(folder, name, `${file}.csv`))
  return {
    rows: { items: rows('items'), users: rows('users'), interactions: rows('interactions') },
    async passes(expression, { user, values }) {
      const plan = planFilter(expression, schemas)
      const { data, candidates } = await readFilterData(plan, schemas, { bucket: 'a', imports }, undefined, context())
      const allowed = allowedSet(new FilterMasks(plan, data), { userId: user, values })
      return new Set(firstRows(allowed, candidates.size).map(row => candidates.idAt(row)))
    },
  }
}

const absent = (name: string) =>
  existsSync(join(shared, 'data', name, 'items.csv'))
    ? false
    : `${name} is not at ${join(shared, 'data', name)}; SOMMELIER_SHARED names the folder`

const events = (...more: object[]) => [
  { name: 'USER_ID', type: 'string' },
  { name: 'ITEM_ID', type: 'string' },
  { name: 'TIMESTAMP', type: 'long' },
  ...more,
]
const sorted = (ids: Iterable<string>) => [...ids].sort()

test('the guide on ml-1m: genres, years, films that were seen', { skip: absent('ml-1m') }, async () => {
  const shelf = await openShelf('ml-1m', {
    ITEMS: [
      { name: 'ITEM_ID', type: 'string' },
      { name: 'TITLE', type: 'string' },
      { name: 'GENRES', type: 'string', categorical: true },
      { name: 'YEAR', type: 'int' },
    ],
    INTERACTIONS: events(),
  })
  const { items, interactions } = shelf.rows
  const pick = (is: (item: Row) => boolean) => sorted(items.filter(is).map(item => item.ITEM_ID))
  const genres = ({ GENRES }: Row) => GENRES.split('|')
  const [byGenre, byYear, unseen] = guideExpressions('Films: ml-1m')
  assert.deepEqual(
    sorted(await shelf.passes(byGenre, { values: { GENRES: '"Film-Noir","War"' } })),
    pick(item => genres(item).includes('Film-Noir') || genres(item).includes('War')),
  )
  assert.deepEqual(
    sorted(await shelf.passes(byYear, {})),
    pick(item => Number(item.YEAR) >= 1990 && !genres(item).includes('Horror')),
  )
  const seen = new Set(interactions.filter(({ USER_ID }) => USER_ID === '1').map(({ ITEM_ID }) => ITEM_ID))
  assert.equal(seen.size, 53)
  const left = await shelf.passes(unseen, { user: '1', values: { SINCE: '1980' } })
  const known = new Set(items.map(({ ITEM_ID }) => ITEM_ID))
  assert.deepEqual(
    sorted([...left].filter(id => known.has(id))),
    pick(item => Number(item.YEAR) >= 1980 && !seen.has(item.ITEM_ID)),
  )
})

test('the guide on online-retail: prices, purchases, countries', { skip: absent('online-retail') }, async () => {
  const shelf = await openShelf('online-retail', {
    ITEMS: [
      { name: 'ITEM_ID', type: 'string' },
      { name: 'DESCRIPTION', type: ['null', 'string'] },
      { name: 'PRICE', type: ['null', 'float'] },
      { name: 'CREATION_TIMESTAMP', type: 'long' },
    ],
    USERS: [
      { name: 'USER_ID', type: 'string' },
      { name: 'COUNTRY', type: ['null', 'string'], categorical: true },
    ],
    INTERACTIONS: events({ name: 'EVENT_TYPE', type: 'string' }, { name: 'EVENT_VALUE', type: ['null', 'float'] }),
  })
  const { items, users, interactions } = shelf.rows
  const pick = (is: (item: Row) => boolean) => sorted(items.filter(is).map(item => item.ITEM_ID))
  const known = new Set(items.map(({ ITEM_ID }) => ITEM_ID))
  const [ceiling, bought, abroad] = guideExpressions('A shop: online-retail')
  const cheap = (max: number) => (item: Row) => item.PRICE !== '' && Number(item.PRICE) <= max
  assert.deepEqual(sorted(await shelf.passes(ceiling, { values: { MAX: '"2.10"' } })), pick(cheap(2.1)))
  const user = '17841'
  const purchased = new Set(interactions.filter(({ USER_ID }) => USER_ID === user).map(({ ITEM_ID }) => ITEM_ID))
  assert.ok(purchased.size > 50)
  const fresh = await shelf.passes(bought, { user })
  assert.deepEqual(
    sorted([...fresh].filter(id => known.has(id))),
    pick(item => !purchased.has(item.ITEM_ID)),
  )
  for (const { USER_ID, COUNTRY } of [
    users.find(each => each.COUNTRY === 'United Kingdom')!,
    users.find(each => each.COUNTRY === 'Iceland')!,
  ]) {
    const home = COUNTRY === 'United Kingdom'
    const passes = await shelf.passes(abroad, { user: USER_ID })
    assert.deepEqual(
      sorted([...passes].filter(id => known.has(id))),
      pick(item => home || !cheap(1)(item)),
    )
  }
})

test('every rule of the reference page has a case that is run', () => {
  const cases = readdirSync(new URL('cases/', import.meta.url)).flatMap(file =>
    (JSON.parse(readFileSync(new URL(`cases/${file}`, import.meta.url), 'utf8')).cases as { expression: string }[]).map(
      ({ expression }) => expression,
    ),
  )
  const rows = page('reference/filters.md')
    .split('\n')
    .filter(line => /^\| .* \|$/.test(line) && !/^\| (---|rule)/.test(line))
  const backed = rows.map(row => /\| `([^`]+)` \|$/.exec(row)?.[1].replaceAll('\\|', '|'))
  assert.ok(rows.length > 40, String(rows.length))
  assert.deepEqual(
    rows.filter((_, at) => backed[at] === undefined || !cases.includes(backed[at])),
    [],
  )
})
