/** The compiled plan against the plain twin on random worlds and expressions; and whatever one may type, only FilterErrors. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Vocabulary } from '../../src/datasets/vocabulary.ts'
import { firstRows } from '../../src/filters/bitset.ts'
import { planFilter } from '../../src/filters/check.ts'
import { FilterError } from '../../src/filters/filterError.ts'
import { allowedSet, FilterMasks } from '../../src/filters/masks.ts'
import { parseFilter } from '../../src/filters/parser.ts'
import { bindValues } from '../../src/filters/values.ts'
import { seededRandom } from '../../src/lib/random.ts'
import { randomFilter, randomWorld } from './random.ts'
import { assembleWorld, candidatesOf, naiveIds, readWorld, schemasOf } from './sample.ts'

const EVALUATIONS = 100_000
/** Rows of a world: more than one word of a bitset, and not a multiple of it. */
const WORLD_SIZES = [1, 31, 33, 50, 70]

test('the compiled plan says what the plain twin says, on 100 000 random rows', () => {
  const random = seededRandom(4)
  let evaluations = 0
  for (let round = 0; evaluations < EVALUATIONS; round++) {
    const size = WORLD_SIZES[round % WORLD_SIZES.length]
    const world = randomWorld(random, size)
    const schemas = schemasOf(world)
    for (let each = 0; each < 20; each++) {
      const filter = randomFilter(random)
      const plan = planFilter(filter.text, schemas)
      const masks = new FilterMasks(plan, assembleWorld(plan, world, schemas))
      const candidates = candidatesOf(world, plan)
      for (let request = 0; request < 3; request++) {
        const user = `u${random.below(size + 4)}`
        const item = plan.entity === 'ItemID' ? random.below(candidates.length) : undefined
        const allowed = allowedSet(masks, { userId: user, item, values: filter.given })
        const found = firstRows(allowed, candidates.length).map(row => candidates[row].id)
        const asked = { user, ...(item !== undefined && { item: candidates[item].id }) }
        const expected = naiveIds(filter.statements, world, asked, filter.values)
        assert.deepEqual(found, expected, JSON.stringify({ filter: filter.text, given: filter.given, asked }))
        evaluations += candidates.length
      }
    }
  }
})

test('a random expression is parsed into the tree it was made from', () => {
  const random = seededRandom(5)
  for (let round = 0; round < 1000; round++) {
    const { text, statements } = randomFilter(random)
    const plain = JSON.parse(JSON.stringify(parseFilter(text).statements), (key, value) =>
      ['start', 'end', 'quoted', 'entitySpan', 'operatorSpan'].includes(key) ? undefined : value,
    )
    const lower = (value: object) =>
      JSON.parse(JSON.stringify(value).replace(/"dataset":"\w+"/g, found => found.toLowerCase()))
    assert.deepEqual(lower(plain), lower(statements), text)
  }
})

const FRAGMENTS =
  'INCLUDE EXCLUDE ItemID UserID ActionID WHERE AND OR IF NOT IN Items.PRICE Items.AISLE CurrentUser.AGE CurrentItem.PRICE Interactions.EVENT_TYPE ( ) , . | * = != < <= > >= $P "garden" \'x\' 3 -4.5 " \\'.split(
    ' ',
  )

test('10 000 random byte strings and heaps of words throw nothing but a FilterError', () => {
  const random = seededRandom(6)
  const schemas = schemasOf(readWorld('shop'))
  let refused = 0
  for (let round = 0; round < 20_000; round++) {
    const length = random.below(60)
    const text =
      round % 2 === 0
        ? Buffer.from(Array.from({ length }, () => random.below(256))).toString('utf8')
        : Array.from({ length: length / 2 }, () => FRAGMENTS[random.below(FRAGMENTS.length)]).join(' ')
    try {
      planFilter(text, schemas)
    } catch (error) {
      assert.ok(error instanceof FilterError, `${JSON.stringify(text)}: ${error}`)
      assert.ok(error.position >= 1 && error.position <= [...text].length + 1, JSON.stringify(text))
      assert.equal(error.caret.split('\n').length, 2)
      refused++
    }
  }
  assert.ok(refused > 19_000, String(refused))
})

test('a valid expression cut short or with one character changed throws nothing but a FilterError', () => {
  const random = seededRandom(7)
  const world = readWorld('shop')
  const schemas = schemasOf(world)
  const source =
    'INCLUDE ItemID WHERE Items.TOPICS IN ($T) AND Items.PRICE <= 10.5 IF CurrentUser.AGE >= $A | EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("view","*")'
  for (let at = 0; at < source.length; at++) {
    const changed = source.slice(0, at) + String.fromCharCode(random.below(0x250)) + source.slice(at + 1)
    for (const text of [source.slice(0, at), changed]) {
      try {
        planFilter(text, schemas)
      } catch (error) {
        assert.ok(error instanceof FilterError, `${text}: ${error}`)
      }
    }
  }
})

test('what is wrong with filterValues is shown at its character, in a name or in a value', () => {
  const plan = planFilter('INCLUDE ItemID WHERE Items.TOPICS IN ($TOPIC)', schemasOf(readWorld('shop')))
  const reported = (given: Record<string, string>): string => {
    try {
      bindValues(plan, given)
      return 'nothing is wrong'
    } catch (error) {
      assert.ok(error instanceof FilterError)
      return error.report
    }
  }
  assert.equal(
    reported({ TOPICS: '"a"' }),
    'filterValues has the name TOPICS, which is no placeholder of the filter; did you mean TOPIC? At character 1:\nTOPICS\n^^^^^^',
  )
  assert.equal(
    reported({ 'TOPIC.': '"a"' }),
    'filterValues has the name "TOPIC."; 1 to 50 letters, digits and _ were expected. At character 1:\nTOPIC.\n^^^^^^',
  )
  assert.equal(
    reported({ TOPIC: '"a", b' }),
    'The value of TOPIC in filterValues has to be values in double quotes, or numbers, with commas between them. At character 6:\n"a", b\n     ^',
  )
  const many = Object.fromEntries(Array.from({ length: 26 }, (_, i) => [String.fromCharCode(97 + i), '1']))
  assert.match(reported(many), /at most 25 were expected\. At character 76:\n….*, y, z\n +\^$/)
  // The smiling face is one character of two units.
  assert.match(
    reported({ TOPIC: `"${'\u{1F600}'.repeat(998)}"x` }),
    /1001 characters.* At character 1001:\n….*"x\n +\^$/su,
  )
})

test('random values throw nothing but a FilterError', () => {
  const random = seededRandom(8)
  const plan = planFilter(
    'INCLUDE ItemID WHERE Items.TOPICS IN ($T) AND Items.PRICE > $P',
    schemasOf(readWorld('shop')),
  )
  const letters = '",\\ 1.-ax\n\u{1F600}'
  const word = () =>
    Array.from({ length: random.below(8) }, () => [...letters][random.below([...letters].length)]).join('')
  for (let round = 0; round < 10_000; round++) {
    try {
      bindValues(plan, { T: word(), P: word(), ...(random.below(9) === 0 && { [word()]: word() }) })
    } catch (error) {
      assert.ok(error instanceof FilterError, String(error))
    }
  }
})

test('the longest expressions take no longer than their length', () => {
  const schemas = schemasOf(readWorld('shop'))
  const list = `INCLUDE ItemID WHERE Items.PRICE IN (${Array.from({ length: 1230 }, () => '1').join(',')})`
  assert.equal(planFilter(list, schemas).statements[0].any[0].length, 1)
  const chain = Array.from({ length: 60 }, () => 'EXCLUDE ItemID WHERE Items.PRICE > 1').join('|')
  assert.equal(planFilter(chain, schemas).statements.length, 60)
  for (const nasty of ['('.repeat(2500), '"'.repeat(2499), '|'.repeat(2500), '\\'.repeat(2500), '$'.repeat(2500)])
    assert.throws(() => planFilter(nasty, schemas), FilterError)
})

test('values of one placeholder have one number of backslashes and quotes to try: no pattern runs away', () => {
  const plan = planFilter('INCLUDE ItemID WHERE Items.TOPICS IN ($T)', schemasOf(readWorld('shop')))
  for (const value of [`"${'\\'.repeat(998)}`, `${' '.repeat(1000)}`, `"${'a",'.repeat(300)}`, '1'.repeat(1000)])
    assert.throws(() => bindValues(plan, { T: value }), FilterError)
})

test('masks are kept for equal values, forgotten when there is no room, and right either way', () => {
  const world = readWorld('shop')
  const schemas = schemasOf(world)
  const plan = planFilter('INCLUDE ItemID WHERE Items.PRICE >= $P', schemas)
  const data = assembleWorld(plan, world, schemas)
  const roomy = new FilterMasks(plan, data)
  assert.equal(roomy.allowed({ values: { P: '10' } }).rows, roomy.allowed({ values: { P: '10' } }).rows)
  const cramped = new FilterMasks(plan, data, 2 ** 40)
  assert.notEqual(cramped.allowed({ values: { P: '10' } }).rows, cramped.allowed({ values: { P: '10' } }).rows)
  assert.deepEqual(cramped.allowed({ values: { P: '10' } }).rows, roomy.allowed({ values: { P: '10' } }).rows)
  assert.equal(Vocabulary.fromTensors(data.users!).indexOf('nobody'), -1)
})
