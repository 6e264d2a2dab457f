/** Themes: titles of known shelves, relevance by the formula, and what has no words. Quality on the catalogues that stand beside the checkout. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { type ItemText, isFunctionWord, termsOf } from '../../src/models/terms.ts'
import { catalogueOf, themeOf } from '../../src/models/themes.ts'

const text = (name: string, categories: string[] = [], description = ''): ItemText => ({
  name,
  categories,
  description,
})
const keysOf = (given: ItemText) => [...termsOf(given).keys()]

test('phrases are of words side by side, without function words at their ends; case and plural do not matter', () => {
  assert.deepEqual(keysOf(text('Tools for the GARDEN, red')), ['tool', 'garden', 'red'])
  assert.deepEqual(keysOf(text('Lunch Bags')), ['lunch', 'lunch bag', 'bag'])
  assert.deepEqual(keysOf(text('LUNCH BAG')), keysOf(text('Lunch Bags')))
  assert.deepEqual(keysOf(text('Berries: 24 glass cherries')), ['berry', 'glass', 'glass cherry', 'cherry'])
  assert.deepEqual(
    keysOf(text('Home of the Brave')),
    ['home', 'home of the', 'brave'].filter(key => key !== 'home of the'),
  )
  assert.deepEqual(keysOf(text('', ['Home > Garden Tools', "Children's"], 'and A ladder')), [
    'home',
    'garden tool',
    "children's",
    'ladder',
  ])
  assert.deepEqual(keysOf(text('12 3 (1994)', ['77'], ' - ')), [])
  assert.equal(termsOf(text('LUNCH BAG')).get('lunch bag')?.written, 'lunch bag')
  assert.equal(termsOf(text('McCoy TV')).get('mccoy tv')?.written, 'McCoy TV')
  assert.equal(termsOf(text('', ['Sci-Fi'], 'sci-fi')).get('sci-fi')?.title, true)
})

const shop = (kinds: Record<string, number>) =>
  Object.entries(kinds).flatMap(([kind, count]) =>
    Array.from({ length: count }, (_, i) => text(`${kind} no${'abcdefgh'[i % 8]}`)),
  )

test('a title is what the items share and the catalogue does not', () => {
  const all = shop({ 'paper lantern': 20, 'paper napkin': 300, 'tea towel': 300 })
  const lanterns = all.slice(0, 12)
  const theme = themeOf(lanterns, catalogueOf(all))!
  assert.equal(theme.title, 'Paper lantern')
  assert.ok(theme.relevance.every(value => value > 0.3 && value <= 1))
})

test('two kinds become one title; of one head noun it is said once', () => {
  const all = shop({ 'jumbo bag': 10, 'lunch bag': 10, 'garden gnome': 10, 'tea towel': 300 })
  assert.equal(themeOf(all.slice(0, 20), catalogueOf(all))?.title, 'Jumbo & lunch bag')
  assert.equal(themeOf([...all.slice(0, 8), ...all.slice(20, 28)], catalogueOf(all))?.title, 'Garden gnome & jumbo bag')
})

test('relevance is the cosine of idf with z · idf, worked out by hand; what has the catalogue against it is below 0', () => {
  const all = [text('lamp'), text('lamp'), text('chair'), ...Array.from({ length: 97 }, () => text('table'))]
  const catalogue = catalogueOf(all)
  const { relevance, title } = themeOf([all[0], all[1], all[3], text('')], catalogue)!
  assert.equal(title, 'Lamp')
  const z = (y: number, Y: number) => {
    const prior = (10 * (Y + 0.5)) / 101
    const odds = Math.log((y + prior) / (3 + 10 - y - prior)) - Math.log((Y + prior) / (110 - Y - prior))
    return odds / Math.sqrt(1 / (y + prior) + 1 / (Y + prior))
  }
  const [lamp, table] = [z(2, 2) * Math.log(101 / 2.5), z(1, 97) * Math.log(101 / 97.5)]
  const length = Math.hypot(lamp, table)
  assert.ok(table < 0)
  assert.deepEqual(
    [...relevance].map(value => value.toFixed(9)),
    [lamp / length, lamp / length, Math.max(-0.1, table / length), 0].map(value => value.toFixed(9)),
  )
})

test('no words, no theme; one item, its own words; a description alone will do', () => {
  const catalogue = catalogueOf([text('red lamp'), text('blue lamp'), text('')])
  assert.equal(catalogue.itemCount, 2)
  assert.equal(themeOf([], catalogue), undefined)
  assert.equal(themeOf([text(''), text('1994', ['7'])], catalogue), undefined)
  assert.equal(themeOf([text('red lamp')], catalogue)?.title, 'Red lamp')
  assert.equal(themeOf([text('', [], 'oak shelf')], catalogue)?.title, 'Oak')
  assert.ok(themeOf([text(`${'x'.repeat(300)}`)], catalogueOf([]))!.title.length <= 80)
})

const rowsOf = (file: string) =>
  readFileSync(new URL(`../../../shared/data/${file}`, import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
const movies = rowsOf('ml-1m/items.csv').map(row => {
  const [, title, genres] = /^[^,]+,(?:"?)(.*?)(?:"?),([^,]*),\d+$/.exec(row)!
  return text(title, genres.split('|'))
})
const goods = rowsOf('online-retail/items.csv').map(row => text(/^[^,]+,"?(.*?)"?,[^,]*,[^,]*$/.exec(row)![1]))

test('movies of a genre are told by it; of two, by both', () => {
  const catalogue = catalogueOf(movies)
  for (const genre of ['Horror', 'Western', 'Documentary', 'Film-Noir', 'Animation', 'War', 'Musical']) {
    const { title } = themeOf(movies.filter(({ categories }) => categories.includes(genre)).slice(0, 25), catalogue)!
    assert.ok(title.includes(genre), `${genre}: ${title}`)
  }
  const of = (genre: string) => movies.filter(({ categories }) => categories.includes(genre)).slice(0, 12)
  assert.equal(themeOf([...of('Western'), ...of('War')], catalogue)?.title, 'Western & War')
  const series = movies.filter(({ name }) => /^Star (Trek|Wars)/.test(name))
  assert.equal(themeOf(series, catalogue)?.title, 'Star Trek & Star Wars')
})

test('goods of a kind are told by its phrase, like the sign of a shelf', () => {
  const catalogue = catalogueOf(goods)
  for (const kind of ['LUNCH BAG', 'METAL SIGN', 'ALARM CLOCK', 'T-LIGHT HOLDER', 'WRAPPING PAPER', 'CHRISTMAS']) {
    const some = goods.filter(({ name }) => name.includes(kind)).slice(0, 25)
    const { title, relevance } = themeOf(some, catalogue)!
    assert.ok(title.toLowerCase().includes(kind.toLowerCase()), `${kind}: ${title}`)
    assert.ok(relevance.every(value => value >= -0.1 && value <= 1))
    assert.match(title, /^\p{Lu}/u)
  }
  // Whatever the list: a sign begins and ends with a word that says something, and is not long.
  for (let from = 0; from + 25 < goods.length; from += 100) {
    const title = themeOf(goods.slice(from, from + 25), catalogue)!.title
    const words = title.split(' ')
    assert.ok(!isFunctionWord(words[0]) && !isFunctionWord(words.at(-1)!) && title.length <= 80, title)
    assert.match(title, /^[\p{Lu}\p{Lo}]/u)
  }
})
