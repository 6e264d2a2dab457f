/** A world as the imports of a dataset group leave it: Parquet in an artifacts store. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { sqlName, sqlString, withDuckDb } from '../../src/datasets/duckdb.ts'
import type { ImportedRows, ReadContext } from '../../src/datasets/read.ts'
import type { DatasetType } from '../../src/datasets/schema.ts'
import { quietControl } from '../../src/lib/work.ts'
import { openObjectStore } from '../../src/objects/open.ts'
import { temporaryFolder } from '../support/server.ts'
import type { Value } from './naive.ts'
import { schemasOf, type World, wide } from './sample.ts'

const STORED: Record<string, string> = {
  string: 'VARCHAR',
  int: 'INTEGER',
  long: 'BIGINT',
  float: 'DOUBLE',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
}

export interface Stored {
  readonly imports: Partial<Record<DatasetType, ImportedRows[]>>
  context(): ReadContext
}

/** Every dataset as two imports, of which the second replaces some rows of the first. `root` gets the folders artifacts and scratch-…. */
export async function store(world: World, root = temporaryFolder(), bucket = 'a'): Promise<Stored> {
  const artifacts = openObjectStore({ kind: 'folder', root: join(root, 'artifacts') })
  mkdirSync(join(root, 'artifacts', bucket), { recursive: true })
  const imports: Partial<Record<DatasetType, ImportedRows[]>> = {}
  let scratch = 0
  const context = (): ReadContext => {
    const scratchFolder = join(root, `scratch-${scratch++}`)
    mkdirSync(scratchFolder)
    return { ...quietControl, artifacts, scratchFolder, threads: 2 }
  }
  await withDuckDb({ ...context() }, async db => {
    for (const [type, schema] of schemasOf(world)) {
      const rows = rowsOf(world, type)
      const half = Math.floor(rows.length / 2)
      const stale = rows.slice(half).map(row => ({ ...row, ...(type === 'ITEMS' && { CAT: 'stale', AISLE: 'stale' }) }))
      imports[type] = []
      for (const [place, part] of [[...stale, ...rows.slice(0, half)], rows.slice(half)].entries()) {
        const names = schema.columns.map(({ name }) => name)
        const columns = schema.columns.map(({ name, type }) => `${sqlName(name)} ${STORED[type]}`)
        const table = `t_${type}_${place}`
        await db.run(`CREATE TABLE ${table} (${columns.join(', ')})`)
        for (const row of part) {
          const cells = names.map(name => literal((row as Record<string, Value>)[name]))
          await db.run(`INSERT INTO ${table} VALUES (${cells.join(', ')})`)
        }
        const key = `${type}-${place}.parquet`
        await db.run(`COPY ${table} TO ${sqlString(join(root, 'artifacts', bucket, key))} (FORMAT parquet)`)
        imports[type].push({ parts: [key], rowCount: part.length })
      }
    }
  })
  return { imports, context }
}

function rowsOf(world: World, type: DatasetType): readonly Readonly<Record<string, Value>>[] {
  if (type !== 'INTERACTIONS' && type !== 'ACTION_INTERACTIONS') return world[type] ?? []
  const target = type === 'INTERACTIONS' ? 'ITEM_ID' : 'ACTION_ID'
  return (world[type] ?? []).map(([user, item, event], i) => ({
    USER_ID: user,
    [target]: item,
    EVENT_TYPE: event,
    TIMESTAMP: i,
  }))
}

function literal(value: Value | undefined): string {
  const cell = wide(value)
  if (cell === null) return 'NULL'
  return typeof cell === 'string' ? sqlString(cell) : String(cell)
}
