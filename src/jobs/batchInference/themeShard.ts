/**
 * A shard of records about items whose answers get a theme (batchInferenceJobMode THEME_GENERATION, spec/batch-inference.md §4 and §8):
 *
 *   {"input":{"itemId":"…"},"output":{"recommendedItems":["…",…],"theme":"…","itemsThemeRelevanceScores":[0.2211043,…]},"error":null}
 *
 * The items are those that the record gets without a theme, ordered by how much each has to do with it; of equally relevant ones the model's
 * order stands. A list without a word about any of its items has no theme: its line is an error. There are few records, at most 100 a file,
 * so each is ranked alone.
 */
import { type ItemTexts, itemTextAt, readItemTexts, textColumns } from '../../datasets/itemTexts.ts'
import { parseSchema } from '../../datasets/schema.ts'
import type { Vocabulary } from '../../datasets/vocabulary.ts'
import { assert } from '../../lib/assert.ts'
import { type Catalogue, catalogueOf, themeOf } from '../../models/themes.ts'
import type { ThemeSources } from '../../resources/types.ts'
import { ARTIFACTS_BUCKET, type ComputeContext } from '../computeContext.ts'
import { type Answerer, answerLines, type LineSource, OwnLines, type Piece } from './answerLines.ts'
import { RecordFilter } from './filtering.ts'
import { THEME_SAMPLE_ITEMS } from './limits.ts'
import type { ParsedRecord } from './records.ts'
import type { ShardTools } from './shard.ts'

/** What is written about the model's items, on shared memory, and the columns that it is read from. */
export interface PlacedTexts extends ItemTexts {
  readonly columns: readonly string[]
}

export async function placeTexts(
  { itemName, schema: text, imports }: ThemeSources,
  items: Vocabulary,
  context: ComputeContext,
): Promise<PlacedTexts> {
  const schema = parseSchema(text)
  const texts = await readItemTexts({ bucket: ARTIFACTS_BUCKET, imports, schema, itemName }, items, context)
  return { ...texts, columns: textColumns(schema, itemName) }
}

interface ThemeTools extends ShardTools {
  readonly itemIds: Vocabulary
  readonly texts: PlacedTexts
}

/** The reference's scores have seven decimals. */
const DECIMALS = 1e7

export class ThemeAnswerer implements Answerer {
  readonly #tools: ThemeTools
  readonly #own: OwnLines
  readonly #filter: RecordFilter | undefined
  readonly #catalogue: Catalogue

  constructor(tools: ThemeTools) {
    this.#tools = tools
    this.#own = new OwnLines(tools.bytes)
    this.#filter = tools.filter && new RecordFilter(tools.filter)
    this.#catalogue = catalogueOf(sampleOf(tools.texts, tools.itemCount))
  }

  answer(source: LineSource): AsyncGenerator<Piece> {
    const { recipe } = this.#tools
    assert(recipe.record === 'itemId', 'themes are for lists of related items')
    return answerLines(this.#tools.bytes, this.#own, source, count => {
      for (let record = 0; record < count; record++) {
        source.clock.enter('parse')
        const parsed = this.#own.parse(record, recipe.record)
        source.clock.enter('rank')
        const ranked = parsed && this.#rank(parsed)
        source.clock.enter('format')
        if (typeof ranked === 'string') this.#own.failAtLine(record, ranked)
        else if (ranked) this.#write(record, ranked)
      }
    })
  }

  /** Related items, best first; a sentence where that cannot be told. */
  #rank({ itemId, userId, filterValues }: ParsedRecord): Int32Array | string {
    const { itemIds, ranker, histories, k } = this.#tools
    assert(itemId !== undefined, 'a record has the id that its kind is about')
    const item = itemIds.indexOf(itemId)
    const filtered = this.#filter?.allowed({ userId, item }, filterValues)
    if (typeof filtered === 'string') return filtered
    const own = item < 0 ? [] : [item]
    const history = Int32Array.from(histories?.has(item) ? own : [])
    const struck = Int32Array.from([...(filtered ? this.#filter!.struck(filtered) : []), ...own])
    const { counts, items } = ranker.rank({
      count: 1,
      k,
      offsets: Uint32Array.of(0, history.length),
      items: history,
      ...(filtered && { allowed: [filtered.rows] }),
      excluded: { offsets: Uint32Array.of(0, struck.length), items: struck },
    })
    return items.slice(0, counts[0])
  }

  #write(record: number, items: Int32Array): void {
    const { texts, itemIds } = this.#tools
    const theme = themeOf(
      Array.from(items, item => itemTextAt(texts, item)),
      this.#catalogue,
    )
    if (!theme) {
      const none =
        items.length === 0
          ? 'no item may be recommended'
          : `nothing is written about the ${items.length} items that are recommended`
      this.#own.failAtLine(record, `${none}; a theme is made of what ${texts.columns.join(', ')} say about them.`)
      return
    }
    const { title, relevance } = theme
    const order = Array.from(items.keys()).sort((a, b) => relevance[b] - relevance[a] || a - b)
    const output = {
      recommendedItems: order.map(place => itemIds.idAt(items[place])),
      theme: title,
      itemsThemeRelevanceScores: order.map(place => Math.round(relevance[place] * DECIMALS) / DECIMALS),
    }
    const text = Buffer.from(`,"output":${JSON.stringify(output)},"error":null}\n`)
    this.#own.set(record, Buffer.concat([Buffer.from('{"input":'), this.#own.textOf(record), text]))
  }
}

/** Of a larger catalogue so many items, at equal distances. */
function* sampleOf(texts: ItemTexts, itemCount: number) {
  const count = Math.min(itemCount, THEME_SAMPLE_ITEMS)
  for (let i = 0; i < count; i++) yield itemTextAt(texts, Math.floor((i * itemCount) / count))
}
