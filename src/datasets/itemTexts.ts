/**
 * What is written about items, as it stands: names, categories and descriptions, for those who make texts of them. On shared memory, one piece
 * of UTF-8 an item:
 *
 *   name NUL category|category|… NUL description
 *
 * Of the newest row of each item, as everywhere. An item that ITEMS does not have is an empty piece.
 */
import { Refusal } from '../lib/refusal.ts'
import { withDuckDb } from './duckdb.ts'
import { readLatestRows } from './latestRows.ts'
import { localParts } from './parts.ts'
import type { ImportedRows, ReadContext } from './read.ts'
import { type Column, type DatasetSchema, isNumeric } from './schema.ts'
import type { Vocabulary } from './vocabulary.ts'

export interface ItemTexts {
  /** f64[items + 1]: item i's piece is bytes [offsets[i], offsets[i + 1]). */
  readonly offsets: Float64Array
  readonly bytes: Uint8Array
}

export interface ItemTextsQuery {
  /** Of the artifacts store. */
  readonly bucket: string
  readonly imports: readonly ImportedRows[]
  /** Of ITEMS. */
  readonly schema: DatasetSchema
  /** The column of names. */
  readonly itemName: string
}

/** Of a cell: some 160 words. */
const CELL_CHARACTERS_MAX = 1000
/** Of all items, beside the model. */
const BYTES_MAX = 2 ** 31

/** The columns that are read, the name first. */
export const textColumns = ({ columns }: DatasetSchema, itemName: string): string[] => [
  itemName,
  ...columns.filter(each => each.name !== itemName && isText(each)).map(({ name }) => name),
]

const isText = (column: Column): boolean => !isNumeric(column) && (column.categorical || column.textual)

/** Throws Refusal where there is too much of it; the signal's reason when aborted. */
export async function readItemTexts(
  { bucket, imports, schema, itemName }: ItemTextsQuery,
  ids: Vocabulary,
  context: ReadContext,
): Promise<ItemTexts> {
  const columns = textColumns(schema, itemName)
  const categorical = new Set(schema.columns.filter(({ categorical }) => categorical).map(({ name }) => name))
  const pieces = new Array<Buffer | undefined>(ids.size)
  let total = 0
  await withDuckDb(context, async db => {
    const files = await localParts(imports, 'item-texts', bucket, context)
    context.progress({ stage: 'reading texts of items', done: 0, unit: 'rows' })
    // Cells of a row come one after the other, by column.
    const cells = new Map<number, Map<string, string>>()
    await readLatestRows(db, { files, schema }, columns, ids, (column, row, cell) => {
      const known = cells.get(row) ?? new Map<string, string>()
      cells.set(row, known.set(column, typeof cell === 'string' ? cleaned(cell) : ''))
      if (known.size < columns.length) return
      cells.delete(row)
      pieces[row] = Buffer.from(pieceOf(known, itemName, categorical))
      total += pieces[row].length
      if (total > BYTES_MAX)
        throw new Refusal(
          `The texts of ITEMS are more than ${BYTES_MAX} bytes: shorter ones, or fewer items, were expected.`,
        )
    })
  })
  const offsets = new Float64Array(new SharedArrayBuffer(8 * (ids.size + 1)))
  const bytes = new Uint8Array(new SharedArrayBuffer(total))
  for (let item = 0; item < ids.size; item++) {
    const piece = pieces[item]
    if (piece) bytes.set(piece, offsets[item])
    offsets[item + 1] = offsets[item] + (piece?.length ?? 0)
  }
  return { offsets, bytes }
}

const cleaned = (cell: string): string => cell.slice(0, CELL_CHARACTERS_MAX).replaceAll('\0', ' ')

function pieceOf(cells: ReadonlyMap<string, string>, itemName: string, categorical: ReadonlySet<string>): string {
  const others = [...cells].filter(([column]) => column !== itemName)
  const of = (wanted: boolean) =>
    others.filter(([column]) => categorical.has(column) === wanted).map(([, cell]) => cell)
  return [cells.get(itemName) ?? '', of(true).join('|'), of(false).join('\n')].join('\0')
}

/** An item's own texts. */
export function itemTextAt({ offsets, bytes }: ItemTexts, item: number) {
  // A decoder does not read shared memory.
  const piece = Buffer.from(bytes.slice(offsets[item], offsets[item + 1])).toString('utf8')
  const [name = '', categories = '', description = ''] = piece.split('\0')
  return { name, categories: categories.split('|').filter(category => category !== ''), description }
}
