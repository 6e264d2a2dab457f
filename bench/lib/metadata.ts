/** A data folder (../shared/data/README.md) with its items.csv, imported and read as the service does it. */
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { importCsv } from '../../src/datasets/import.ts'
import { readMetadata } from '../../src/datasets/metadata.ts'
import { readInteractions } from '../../src/datasets/read.ts'
import { parseSchema } from '../../src/datasets/schema.ts'
import { trainingColumns } from '../../src/datasets/trainingColumns.ts'
import { quietControl } from '../../src/lib/work.ts'
import type { Features } from '../../src/models/features.ts'
import type { Interactions } from '../../src/models/interactions.ts'
import { featuresOf } from '../../src/models/metadataFeatures.ts'
import { openFolderStore } from '../../src/objects/folder.ts'
import { cellsOf, linesOf } from './csv.ts'

export interface MetadataFolder {
  readonly interactions: Interactions
  /** One row an item of `interactions`. */
  readonly features: Features
  /** What is written alone, as recipes of texts read it: names, texts and categories. */
  readonly texts: Features
  /** Of the item with that id. */
  readonly indexOf: (id: string) => number
}

/** As src/jobs/readTexts.ts has it. */
const TEXT_FEATURES_MAX = 1_000_000

/** How columns of items.csv are declared; what another one is, its values say (`guessed`). */
const ITEM_FIELDS: Readonly<Record<string, object>> = {
  ITEM_ID: { type: 'string' },
  TITLE: { type: 'string' },
  GENRES: { type: ['null', 'string'], categorical: true },
  YEAR: { type: ['null', 'int'] },
  DESCRIPTION: { type: ['null', 'string'], textual: true },
  PRICE: { type: ['null', 'float'] },
  CREATION_TIMESTAMP: { type: 'long' },
}

/** Beyond this share of different values among all, strings are written for each item and no categories. */
const CATEGORIES_SHARE_MAX = 0.5

/** Columns that name an item: words whatever the schema calls them. */
const NAMES = ['TITLE']

const avro = (name: string, fields: readonly object[]) =>
  JSON.stringify({ type: 'record', name, namespace: 'com.amazonaws.personalize.schema', fields, version: '1.0' })

const interactionsSchema = avro('Interactions', [
  { name: 'USER_ID', type: 'string' },
  { name: 'ITEM_ID', type: 'string' },
  { name: 'TIMESTAMP', type: 'long' },
])

/** Numbers where all values are; else categories or, where hardly two items share one, texts. */
function guessed(values: readonly string[]): object {
  const given = values.filter(value => value !== '')
  if (given.every(value => Number.isFinite(Number(value)))) return { type: ['null', 'double'] }
  const categorical = new Set(given).size <= CATEGORIES_SHARE_MAX * given.length
  return { type: ['null', 'string'], ...(categorical ? { categorical } : { textual: true }) }
}

/** Of items.csv. Lines that are odd have no say in it. */
function itemFields(path: string): { readonly name: string }[] {
  const [header = '', ...lines] = linesOf(path)
  const rows = lines.flatMap(line => [cellsOf(line) ?? []])
  return header
    .split(',')
    .map((name, at) => ({ name, ...(ITEM_FIELDS[name] ?? guessed(rows.map(cells => cells[at] ?? ''))) }))
}

export async function readMetadataFolder(folder: string): Promise<MetadataFolder> {
  const root = await mkdtemp(join(tmpdir(), 'sommelier-bench-'))
  try {
    const objects = openFolderStore(join(root, 'objects'))
    const artifacts = openFolderStore(join(root, 'artifacts'))
    await objects.createBucket('data')
    await artifacts.createBucket('artifacts')
    let works = 0
    const context = async () => {
      const scratchFolder = join(root, `scratch-${++works}`)
      await mkdir(scratchFolder)
      return { ...quietControl, objects, artifacts, scratchFolder, threads: availableParallelism() }
    }
    const imported = async (file: string, datasetType: 'INTERACTIONS' | 'ITEMS', schema: string) => {
      await objects.write({ bucket: 'data', key: file }, readFileSync(join(folder, file)))
      const description = {
        source: `s3://data/${file}`,
        datasetType,
        schema,
        importMode: 'FULL' as const,
        sourceBytesMax: Number.POSITIVE_INFINITY,
        bucket: 'artifacts',
        targetPrefix: `imports/${file}/`,
      }
      return importCsv(description, await context())
    }
    const fields = itemFields(join(folder, 'items.csv'))
    const header = fields.map(({ name }) => name)
    const itemsSchema = avro('Items', fields)
    const interactions = [await imported('interactions.csv', 'INTERACTIONS', interactionsSchema)]
    const items = [await imported('items.csv', 'ITEMS', itemsSchema)]
    const read = await readInteractions({ bucket: 'artifacts', interactions, items }, await context())
    const schema = parseSchema(itemsSchema)
    const query = { bucket: 'artifacts', imports: items, schema, columns: trainingColumns(schema, {}) }
    const metadata = await readMetadata(query, read.items, 0, await context())
    const { rowCount, columns } = await readMetadata(
      {
        ...query,
        words: NAMES.filter(name => header.includes(name)),
        columns: [...new Set([...query.columns, ...NAMES])].filter(name => header.includes(name)),
      },
      read.items,
      0,
      await context(),
    )
    const written = { rowCount, columns: columns.filter(({ kind }) => kind !== 'numbers') }
    return {
      interactions: read.interactions,
      features: await featuresOf(metadata, quietControl),
      texts: await featuresOf(written, quietControl, TEXT_FEATURES_MAX),
      indexOf: id => read.items.indexOf(id),
    }
  } finally {
    await rm(root, { recursive: true })
  }
}
