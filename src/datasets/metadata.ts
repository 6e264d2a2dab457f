/**
 * What ITEMS and USERS tell of the things a model knows, and of those it does not know yet, as a training reads it (models/metadata.ts, the
 * same shape, which this layer may not see).
 *
 *   categorical   the parts between | are categories of their own; codes by order of UTF-8 bytes
 *   numeric       CREATION_TIMESTAMP too
 *   textual       the set of its words, by hash
 *
 * Other strings, and boolean columns, are not learnt from (spec/datasets-schemas.md §1, §3). Memory: 4 bytes a category of a row, 8 a number, 4 a
 * word; each distinct category once; DuckDB's pool with some 400 MB beside it.
 */
import { assert } from '../lib/assert.ts'
import { Refusal } from '../lib/refusal.ts'
import { textOf, withDuckDb } from './duckdb.ts'
import { type Cell, newestSql, readLatestRows, type Things } from './latestRows.ts'
import { localParts } from './parts.ts'
import type { ImportedRows, ReadContext } from './read.ts'
import { type Column, type DatasetSchema, isNumeric } from './schema.ts'
import { ID_OF_TYPE } from './schemaRules.ts'
import { extended, type Vocabulary } from './vocabulary.ts'

export interface MetadataQuery {
  /** Of the artifacts store. */
  readonly bucket: string
  /** The last FULL import and the INCREMENTAL ones since, oldest first. */
  readonly imports: readonly ImportedRows[]
  readonly schema: DatasetSchema
  /** Those that are learnt from, each one that `isLearnable` or among `words`. */
  readonly columns: readonly string[]
  /** Of the columns, strings that are read as textual ones whatever the schema calls them: names. */
  readonly words?: readonly string[]
}

export interface ReadMetadata {
  /** All of `known` in its order, then the things that only the dataset has, by id bytes ascending. */
  readonly ids: Vocabulary
  readonly rowCount: number
  readonly columns: readonly MetadataColumn[]
}
type MetadataColumn =
  | { kind: 'categories'; name: string; categories: readonly string[]; offsets: Uint32Array; codes: Uint32Array }
  | { kind: 'numbers'; name: string; values: Float64Array }
  | { kind: 'words'; name: string; offsets: Uint32Array; hashes: Uint32Array }

/** Of a text that many words are read; of most, all. */
const WORDS_MAX = 256
/** Different categories of a column that are learnt from; beyond them it names things rather than kinds of things. */
const CATEGORIES_MAX = 1_000_000

/** Whether a column can be learnt from at all; of interactions, as a context. */
export const isLearnable = ({ name, type, categorical, textual }: Column): boolean =>
  !Object.values(ID_OF_TYPE).includes(name) && (categorical || textual || (type !== 'string' && type !== 'boolean'))

/**
 * At most `newMax` things that are not in `known`: of more, those with the latest CREATION_TIMESTAMP, where the schema has one, and then the
 * first by id. Throws Refusal where the data does not fit; the signal's reason when aborted.
 */
export async function readMetadata(
  { bucket, imports, schema, columns, words = [] }: MetadataQuery,
  known: Vocabulary,
  newMax: number,
  context: ReadContext,
): Promise<ReadMetadata> {
  const name = schema.datasetType.toLowerCase()
  return withDuckDb(context, async db => {
    const files = await localParts(imports, `metadata-${name}`, bucket, context)
    const things = { files, schema }
    context.progress({ stage: `reading ${name}`, done: 0, unit: 'rows' })
    const ids = newMax === 0 || files.length === 0 ? known : await withNewIds(db, things, known, newMax)
    const builders = new Map(
      columns.map(column => [column, builderOf(columnOf(schema, column, words.includes(column)), ids.size)]),
    )
    await readLatestRows(db, things, columns, ids, (column, row, cell) => builders.get(column)!.set(row, cell))
    return { ids, rowCount: ids.size, columns: Array.from(builders.values(), builder => builder.finish()) }
  })
}

function columnOf({ columns }: DatasetSchema, name: string, asWords: boolean): Column {
  const found = columns.find(each => each.name === name)
  const column = found && asWords ? { ...found, textual: true } : found
  assert(column && isLearnable(column), `${name} is a column that can be learnt from`)
  return column
}

async function withNewIds(
  db: Parameters<typeof newestSql>[0],
  things: Things,
  known: Vocabulary,
  newMax: number,
): Promise<Vocabulary> {
  const id = ID_OF_TYPE[things.schema.datasetType]
  const dated = things.schema.columns.some(({ name }) => name === 'CREATION_TIMESTAMP')
  const order = dated ? `CREATION_TIMESTAMP DESC NULLS LAST, ${id}` : id
  const fresh: Buffer[] = []
  for await (const chunk of db.chunks(`SELECT encode(${id}) FROM (${await newestSql(db, things)}) ORDER BY ${order}`)) {
    if (fresh.length === newMax) break
    for (const value of chunk.getColumnValues(0)) {
      const text = textOf(value)
      if (fresh.length < newMax && known.indexOf(text) < 0) fresh.push(Buffer.from(text))
    }
  }
  return extended(known, fresh)
}

interface ColumnBuilder {
  /** At most once for a row, rows in any order. */
  set(row: number, cell: Cell): void
  finish(): MetadataColumn
}

function builderOf(column: Column, rowCount: number): ColumnBuilder {
  const { name } = column
  if (isNumeric(column)) {
    const values = new Float64Array(rowCount).fill(Number.NaN)
    return {
      set(row, cell) {
        if (cell !== null) values[row] = Number(cell)
      },
      finish: () => ({ kind: 'numbers', name, values }),
    }
  }
  const lists = new Array<Uint32Array | undefined>(rowCount)
  if (column.textual)
    return {
      set(row, cell) {
        if (typeof cell === 'string') lists[row] = wordHashes(cell)
      },
      finish() {
        const { offsets, values } = compressed(lists)
        return { kind: 'words', name, offsets, hashes: values }
      },
    }
  const codes = new Map<string, number>()
  return {
    set(row, cell) {
      if (typeof cell !== 'string') return
      const parts = new Set(cell.split('|').filter(part => part !== ''))
      lists[row] = Uint32Array.from(parts, part => codeOf(codes, part, name))
    },
    finish() {
      // As they came depends on the threads that read them.
      const categories = [...codes.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      const sorted = new Uint32Array(categories.length)
      categories.forEach((category, code) => {
        sorted[codes.get(category)!] = code
      })
      const { offsets, values } = compressed(lists.map(list => list?.map(code => sorted[code]).sort()))
      return { kind: 'categories', name, categories, offsets, codes: values }
    },
  }
}

function codeOf(codes: Map<string, number>, part: string, column: string): number {
  const found = codes.get(part)
  if (found !== undefined) return found
  if (codes.size === CATEGORIES_MAX)
    throw new Refusal(
      `The column ${column} has more than ${CATEGORIES_MAX} different categories: exclude it from training (trainingDataConfig.excludedDatasetColumns).`,
    )
  codes.set(part, codes.size)
  return codes.size - 1
}

/** Letters and digits of any script, without case; FNV-1a over their UTF-16 units. Ascending, each once. */
function wordHashes(text: string): Uint32Array {
  const hashes = new Set<number>()
  for (const [word] of text
    .normalize('NFKC')
    .toLowerCase()
    .matchAll(/[\p{L}\p{N}]+/gu)) {
    let hash = 0x811c9dc5
    for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193)
    hashes.add(hash >>> 0)
    if (hashes.size === WORDS_MAX) break
  }
  return Uint32Array.from(hashes).sort()
}

function compressed(lists: readonly (Uint32Array | undefined)[]): { offsets: Uint32Array; values: Uint32Array } {
  const offsets = new Uint32Array(lists.length + 1)
  for (let row = 0; row < lists.length; row++) offsets[row + 1] = offsets[row] + (lists[row]?.length ?? 0)
  const values = new Uint32Array(offsets[lists.length])
  for (let row = 0; row < lists.length; row++) if (lists[row]) values.set(lists[row]!, offsets[row])
  return { offsets, values }
}
