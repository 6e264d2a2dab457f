/**
 * What a few items have in common that the catalogue does not: a title for them, and how much each has to do with it. Of the k items with
 * text and the N of the catalogue (or of a sample of it), y_t and Y_t have term t; the log odds with an informative Dirichlet prior, here a
 * beta prior with the catalogue's share and the weight of α₀ items,
 *
 *   α_t = α₀ · (Y_t + ½) / (N + 1)
 *   δ_t = ln((y_t + α_t) / (k + α₀ - y_t - α_t)) - ln((Y_t + α_t) / (N + α₀ - Y_t - α_t))
 *   z_t = δ_t / √(1 / (y_t + α_t) + 1 / (Y_t + α_t))
 *
 * is great for what is distinctive and certain (Monroe, Colaresi and Quinn 2008, eq. 16-22). The theme is the vector of z · idf, the items'
 * texts are vectors of idf (Salton and Buckley 1988), and relevance is their cosine: negative where an item has what the others lack.
 */
import { type ItemText, isFunctionWord, type Term, termsOf } from './terms.ts'

/** Of how many items with a term the catalogue tells. */
export interface Catalogue {
  readonly itemCount: number
  readonly itemsWith: ReadonlyMap<string, number>
}

export interface Theme {
  /** Like the sign of a shelf: 'Lunch bags & jumbo bags'. At most TITLE_CHARACTERS_MAX. */
  readonly title: string
  /** f64[items], -0.1 to 1; 0 for an item without text. */
  readonly relevance: Float64Array
}

/** α₀: a shelf's worth of items like the catalogue's. */
const PRIOR_ITEMS = 10
/** The reference shows nothing below it. */
const RELEVANCE_MIN = -0.1
const TITLE_CHARACTERS_MAX = 80
/** Of two phrases that say nearly the same of the items the longer one says what it is: a word more is worth so much of z. */
const LONGER_WORTH = 0.25
/** A second part of the title is at least so distinctive, beside the first. */
const SECOND_SHARE = 0.5
/** And of the items that the first part leaves out it has at least so many, as a share. */
const SECOND_COVERS = 0.2
/** Of the items of a phrase two longer ones with it have at least so many, as a share, to take its place. */
const HALVES_COVER = 0.9

export function catalogueOf(texts: Iterable<ItemText>): Catalogue {
  const itemsWith = new Map<string, number>()
  let itemCount = 0
  for (const text of texts) {
    const terms = termsOf(text)
    if (terms.size === 0) continue
    itemCount++
    for (const key of terms.keys()) itemsWith.set(key, (itemsWith.get(key) ?? 0) + 1)
  }
  return { itemCount, itemsWith }
}

interface Candidate {
  readonly key: string
  readonly z: number
  /** Places of the items that have it, ascending. */
  readonly holders: readonly number[]
  readonly written: string
  readonly title: boolean
}

/** Undefined where no item has any text. The same for the same items in the same order. */
export function themeOf(items: readonly ItemText[], { itemCount, itemsWith }: Catalogue): Theme | undefined {
  const texts = items.map(termsOf)
  const told = texts.filter(({ size }) => size > 0).length
  if (told === 0) return undefined
  const logOdds = (y: number, Y: number): number => {
    const prior = (PRIOR_ITEMS * (Y + 0.5)) / (itemCount + 1)
    const here = (y + prior) / (told + PRIOR_ITEMS - y - prior)
    const there = (Y + prior) / (itemCount + PRIOR_ITEMS - Y - prior)
    return (Math.log(here) - Math.log(there)) / Math.sqrt(1 / (y + prior) + 1 / (Y + prior))
  }
  const candidates = Array.from(holdersOf(texts), ([key, holders]): Candidate => {
    // What the sample does not have, the items at hand still have.
    const z = logOdds(holders.length, Math.min(itemsWith.get(key) ?? 0, itemCount))
    return { key, z, holders, ...mostWritten(texts, key, holders) }
  })
  const idf = (key: string) => Math.log((itemCount + 1) / ((itemsWith.get(key) ?? 0) + 0.5))
  return {
    title: titleOf(candidates, told),
    relevance: cosines(texts, new Map(candidates.map(({ key, z }) => [key, z])), idf),
  }
}

function holdersOf(texts: readonly ReadonlyMap<string, Term>[]): Map<string, number[]> {
  const holders = new Map<string, number[]>()
  for (const [place, terms] of texts.entries())
    for (const key of terms.keys()) {
      const known = holders.get(key)
      if (known) known.push(place)
      else holders.set(key, [place])
    }
  return holders
}

/** The form that most of the items have; of equally many the first. */
function mostWritten(texts: readonly ReadonlyMap<string, Term>[], key: string, holders: readonly number[]) {
  const forms = new Map<string, number>()
  let title = false
  for (const place of holders) {
    const term = texts[place].get(key)!
    if (term.title && !title) forms.clear()
    title ||= term.title
    if (term.title === title) forms.set(term.written, (forms.get(term.written) ?? 0) + 1)
  }
  const [[written]] = [...forms].sort((a, b) => b[1] - a[1])
  return { written, title }
}

/** One part, or two where the first one leaves items out that the second is about. */
function titleOf(candidates: readonly Candidate[], told: number): string {
  const worth = ({ key, z }: Candidate) => z * (1 + LONGER_WORTH * (key.split(' ').length - 1))
  const shared = candidates.filter(({ holders, title }) => title && holders.length >= Math.min(2, told))
  const fit = [shared, candidates.filter(({ title }) => title), candidates].find(({ length }) => length > 0)!
  const ranked = fit
    .filter(({ written }) => written.length <= TITLE_CHARACTERS_MAX)
    .sort((a, b) => worth(b) - worth(a) || (a.key < b.key ? -1 : 1))
  const first = ranked[0] ?? { ...fit[0], written: fit[0].written.slice(0, TITLE_CHARACTERS_MAX) }
  const halves = halvesOf(first, ranked)
  if (halves && joined(...halves).length <= TITLE_CHARACTERS_MAX) return capitalised(joined(...halves))
  const covered = new Set(first.holders)
  const second = ranked.find(
    each =>
      each.holders.length >= 2 &&
      worth(each) >= SECOND_SHARE * worth(first) &&
      each.holders.filter(place => !covered.has(place)).length >= SECOND_COVERS * (told - covered.size) &&
      covered.size < told &&
      !overlap(each.key, first.key),
  )
  const title = second === undefined ? first.written : joined(first.written, second.written)
  return capitalised(title.length > TITLE_CHARACTERS_MAX ? first.written : title)
}

/** 'star trek' and 'star wars' say more than 'star', where they are (nearly) all there is of it. */
function halvesOf({ key, holders }: Candidate, ranked: readonly Candidate[]): [string, string] | undefined {
  const longer = ranked.filter(each => each.key !== key && ` ${each.key} `.includes(` ${key} `))
  const [one] = longer
  const another = longer.find(each => !each.holders.some(place => one.holders.includes(place)))
  if (!another || one.holders.length + another.holders.length < HALVES_COVER * holders.length) return undefined
  return [one.written, another.written]
}

/** 'jumbo bags' and 'lunch bags' are of one kind, and go together; 'jumbo' and 'jumbo bag' say the same. */
function overlap(a: string, b: string): boolean {
  const [left, right] = [a.split(' '), b.split(' ')]
  const common = left.filter(word => right.includes(word))
  if (common.length === 0) return false
  return !(left.length > 1 && right.length > 1 && common.length === 1 && left.at(-1) === right.at(-1))
}

function joined(first: string, second: string): string {
  const [left, right] = [first.split(' '), second.split(' ')]
  const sameKind = left.length > 1 && left.at(-1)!.toLowerCase() === right.at(-1)!.toLowerCase()
  return sameKind ? `${left.slice(0, -1).join(' ')} & ${second}` : `${first} & ${second}`
}

function capitalised(title: string): string {
  const words = title.split(' ')
  while (words.length > 1 && isFunctionWord(words.at(-1)!)) words.pop()
  const [letter] = words[0]
  return letter.toUpperCase() + words.join(' ').slice(letter.length)
}

function cosines(
  texts: readonly ReadonlyMap<string, Term>[],
  z: ReadonlyMap<string, number>,
  idf: (key: string) => number,
): Float64Array {
  const theme = new Map(Array.from(z, ([key, value]) => [key, value * Math.max(0, idf(key))]))
  const themeLength = Math.hypot(...theme.values())
  return Float64Array.from(texts, terms => {
    let [dot, square] = [0, 0]
    for (const key of terms.keys()) {
      const weight = Math.max(0, idf(key))
      dot += weight * theme.get(key)!
      square += weight * weight
    }
    const lengths = themeLength * Math.sqrt(square)
    return lengths > 0 ? Math.min(1, Math.max(RELEVANCE_MIN, dot / lengths)) : 0
  })
}
