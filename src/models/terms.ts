/**
 * What is written about an item, as terms that texts can be compared by and that a title can be made of:
 *
 *   a category    as it stands; of a path like "Home > Garden" each step
 *   a phrase      up to three words of the name that stand side by side, with nothing but spaces between them
 *   a word        of the description
 *
 * Terms are the same when they differ in case, or in an English plural alone: 'Lunch Bags' and 'lunch bag' (the "S" stemmer of Harman 1991).
 */

export interface ItemText {
  readonly name: string
  readonly categories: readonly string[]
  readonly description: string
}

export interface Term {
  /** As it stands in the text, but for a text all in capitals. */
  readonly written: string
  /** Whether it may stand in a title: words of descriptions may not. */
  readonly title: boolean
}

/** Longer phrases name one thing rather than a kind of things. */
const PHRASE_WORDS_MAX = 3
/** Words of a text that are read: of most, all. */
const WORDS_MAX = 256

/** Articles, prepositions and conjunctions that a phrase does not begin or end with: English, and the commonest of its neighbours. */
const FUNCTION_WORDS = new Set(
  `a an the of and or for with without in on at to from by as into onto over under is are be was it its this that these those your my our
  their his her you we i not no so up out off der das und mit für von im zum zur ein eine einer le la les de des du et à au aux en un une
  pour avec el los las y con para por il lo gli di e da per het een van voor met o os do dos`.split(/\s+/),
)

/** The terms of a text by what makes them the same. */
export function termsOf({ name, categories, description }: ItemText): Map<string, Term> {
  const terms = new Map<string, Term>()
  const add = (words: readonly string[], title: boolean, written = words.join(' ')) => {
    const key = words.map(stem).join(' ')
    const known = terms.get(key)
    if (!known || (title && !known.title)) terms.set(key, { written, title })
  }
  for (const category of categories)
    for (const step of category.split('>')) {
      const words = runsOf(step).flat()
      if (words.length > 0) add(words, true, shownCase(step.trim()))
    }
  for (const run of runsOf(name))
    for (let from = 0; from < run.length; from++)
      for (let to = from + 1; to <= Math.min(run.length, from + PHRASE_WORDS_MAX); to++)
        if (!isFunctionWord(run[from]) && !isFunctionWord(run[to - 1])) add(run.slice(from, to), true)
  for (const word of runsOf(description).flat()) if (!isFunctionWord(word)) add([word], false)
  return terms
}

export const isFunctionWord = (word: string): boolean => FUNCTION_WORDS.has(word.toLowerCase())

/** A text all in capitals, as some catalogues are, in small letters. */
const shownCase = (text: string): string => (/\p{Ll}/u.test(text) ? text : text.toLowerCase())

/** Words that nothing but spaces stands between. Numbers and single signs stand between. */
function runsOf(text: string): string[][] {
  const runs: string[][] = []
  let [end, count] = [-1, 0]
  const shown = shownCase(text.normalize('NFKC'))
  for (const { 0: word, index } of shown.matchAll(/[\p{L}\p{N}\p{M}]+(?:['’\-&][\p{L}\p{N}\p{M}]+)*/gu)) {
    if (count++ === WORDS_MAX) break
    const tells = /\p{L}/u.test(word) && (word.length > 1 || /\p{Lo}/u.test(word) || isFunctionWord(word))
    if (!tells) continue
    const together = runs.length > 0 && end >= 0 && /^ +$/.test(shown.slice(end, index))
    if (together) runs.at(-1)!.push(word)
    else runs.push([word])
    end = index + word.length
  }
  return runs
}

function stem(word: string): string {
  const small = word.toLowerCase()
  if (small.length > 4 && small.endsWith('ies')) return `${small.slice(0, -3)}y`
  return small.length > 3 && /[^su']s$/.test(small) ? small.slice(0, -1) : small
}
