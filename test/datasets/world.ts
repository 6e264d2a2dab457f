/** Two folder stores and what tests do with them: put CSV, import it, look at the rows. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { DuckDBValue } from '@duckdb/node-api'
import { sqlFiles, withDuckDb } from '../../src/datasets/duckdb.ts'
import { type ImportContext, type ImportDescription, type ImportResult, importCsv } from '../../src/datasets/import.ts'
import {
  type InteractionData,
  type InteractionsQuery,
  type ReadContext,
  readInteractions,
} from '../../src/datasets/read.ts'
import { parseSchema } from '../../src/datasets/schema.ts'
import type { ProgressReport, WorkControl } from '../../src/lib/work.ts'
import { openFolderStore } from '../../src/objects/folder.ts'
import type { ObjectStore } from '../../src/objects/objectStore.ts'

export type Field = Record<string, unknown>

export const avro = (name: string, fields: readonly Field[]): string =>
  JSON.stringify({ type: 'record', name, namespace: 'com.amazonaws.personalize.schema', fields, version: '1.0' })

export const string = (name: string, more: Field = {}): Field => ({ name, type: 'string', ...more })
export const nullable = (name: string, type: string, more: Field = {}): Field => ({
  name,
  type: ['null', type],
  ...more,
})

export const interactionsSchema = avro('Interactions', [
  string('USER_ID'),
  string('ITEM_ID'),
  { name: 'TIMESTAMP', type: 'long' },
])

/** One column of each kind, all but the id optional. */
export const itemsSchema = avro('Items', [
  string('ITEM_ID'),
  nullable('GENRE', 'string', { categorical: true }),
  nullable('PLOT', 'string', { textual: true }),
  nullable('YEAR', 'int'),
  nullable('VIEWS', 'long'),
  nullable('PRICE', 'float'),
  nullable('RATIO', 'double'),
  nullable('ADULT', 'boolean'),
])

const BUCKET = 'artifacts'

export interface World extends WorkControl {
  readonly objects: ObjectStore
  /** Where it keeps its buckets. */
  readonly objectsFolder: string
  readonly artifacts: ObjectStore
  readonly threads: number
  readonly reports: ProgressReport[]
  /** A key of the bucket `b`. */
  put(key: string, content: string | Uint8Array): Promise<void>
  import(description: Partial<ImportDescription>, context?: Partial<ImportContext>): Promise<ImportResult>
  read(query: Partial<InteractionsQuery>, context?: Partial<ReadContext>): Promise<InteractionData>
  rowsOf(result: ImportResult): Promise<DuckDBValue[][]>
  /** Of all that lies in the artifacts store. */
  artifactKeys(): Promise<string[]>
}

export async function makeWorld(t: TestContext): Promise<World> {
  const root = await mkdtemp(join(tmpdir(), 'sommelier-datasets-'))
  t.after(() => rm(root, { recursive: true }))
  const objects = openFolderStore(join(root, 'objects'))
  const artifacts = openFolderStore(join(root, 'artifacts'))
  await objects.createBucket('b-1')
  await artifacts.createBucket(BUCKET)
  const reports: ProgressReport[] = []
  const signal = new AbortController().signal
  let works = 0
  const scratch = async () => {
    const scratchFolder = join(root, `scratch-${++works}`)
    await mkdir(scratchFolder)
    return scratchFolder
  }
  const world: World = {
    objects,
    objectsFolder: join(root, 'objects'),
    artifacts,
    threads: 2,
    reports,
    signal,
    progress: report => reports.push(report),
    put: (key, content) => objects.write({ bucket: 'b-1', key }, Buffer.from(content)),
    async import(description, context) {
      const schema = description.schema ?? itemsSchema
      const { datasetType } = parseSchema(schema)
      return importCsv(
        {
          source: 's3://b-1/in.csv',
          datasetType,
          schema,
          importMode: 'FULL',
          sourceBytesMax: Number.POSITIVE_INFINITY,
          bucket: BUCKET,
          targetPrefix: `imports/${works}/`,
          ...description,
        },
        { ...world, scratchFolder: await scratch(), ...context },
      )
    },
    async read(query, context) {
      return readInteractions(
        { bucket: BUCKET, interactions: [], items: [], ...query },
        { ...world, scratchFolder: await scratch(), ...context },
      )
    },
    async rowsOf({ parts }) {
      const scratchFolder = await scratch()
      const files = await Promise.all(parts.map(key => artifacts.localFile({ bucket: BUCKET, key }, scratchFolder)))
      return withDuckDb({ scratchFolder, threads: 1, signal }, db =>
        db.rows(`SELECT * FROM read_parquet(${sqlFiles(files)})`),
      )
    },
    artifactKeys: async () => Array.fromAsync(artifacts.list(BUCKET, ''), ({ key }) => key),
  }
  return world
}
