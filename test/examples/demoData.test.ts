import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeDataSet, STRANGER_ID, writeDataSet } from '../../examples/demo/dataSet.ts'
import { genres } from '../../examples/demo/films.ts'
import { DAY_COUNT, FIRST_DAY_SECONDS, PERSON_COUNT, personId } from '../../examples/demo/people.ts'

const data = makeDataSet(7)
const { films, viewings } = data

test('the demo has thousands of people and hundreds of films with titles of their own', () => {
  assert.ok(PERSON_COUNT >= 2000 && films.length >= 500)
  assert.equal(new Set(films.map(({ title }) => title)).size, films.length)
  assert.equal(new Set(films.map(({ id }) => id)).size, films.length)
  for (const { title, year, genre } of films) {
    assert.match(title, /^[A-Z0-9][A-Za-z0-9 -]+$/)
    assert.ok(year > 1960 && year <= 2025 && genres.includes(genre))
  }
  assert.equal(new Set(viewings.map(({ person }) => person)).size, PERSON_COUNT)
})

test('a story is continued in its genre, later, and not twice', () => {
  const sequels = films.filter(film => film.continues !== undefined)
  assert.ok(sequels.length > 50)
  assert.equal(new Set(sequels.map(film => film.continues)).size, sequels.length)
  for (const film of sequels) {
    const before = films[film.continues!]
    assert.equal(film.genre, before.genre)
    assert.ok(film.year >= before.year, `${film.title} (${film.year}) follows ${before.title} (${before.year})`)
  }
})

test('nobody sees a film twice, before it is there, or outside the two years; each history is in order', () => {
  for (let person = 0; person < PERSON_COUNT; person += 97) {
    const own = viewings.filter(viewing => viewing.person === person)
    assert.equal(new Set(own.map(({ film }) => film)).size, own.length)
    assert.deepEqual(
      own,
      own.toSorted((a, b) => a.time - b.time),
    )
  }
  const last = FIRST_DAY_SECONDS + DAY_COUNT * 86_400
  for (const { film, time } of viewings) {
    assert.ok(time >= FIRST_DAY_SECONDS + Math.max(0, films[film].addedDay) * 86_400 && time < last)
  }
})

test('popularity drifts: half of the most watched films of one year are not those of the other', () => {
  const middle = FIRST_DAY_SECONDS + (DAY_COUNT / 2) * 86_400
  const top = (inYear: (time: number) => boolean) => {
    const counts = new Float64Array(films.length)
    for (const { film, time } of viewings) if (inYear(time)) counts[film]++
    return new Set([...films.keys()].sort((a, b) => counts[b] - counts[a]).slice(0, 50))
  }
  const common = top(time => time < middle).intersection(top(time => time >= middle))
  assert.ok(common.size < 25, `${common.size} of 50 in common`)
})

test('the same seed gives the same bytes, another seed others', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'sommelier-test-'))
  t.after(() => rm(folder, { recursive: true }))
  await writeDataSet(data, 7, join(folder, 'a'))
  await writeDataSet(makeDataSet(7), 7, join(folder, 'b'))
  await writeDataSet(makeDataSet(8), 8, join(folder, 'c'))
  const read = (name: string) => readFile(join(folder, name), 'utf8')
  for (const name of ['interactions.csv', 'items.csv', 'users.csv', 'people.jsonl']) {
    assert.equal(await read(`a/${name}`), await read(`b/${name}`))
  }
  assert.notEqual(await read('a/interactions.csv'), await read('c/interactions.csv'))
  const records = (await read('a/people.jsonl')).trimEnd().split('\n')
  assert.deepEqual([records[0], records.at(-1)], [`{"userId":"${personId(0)}"}`, `{"userId":"${STRANGER_ID}"}`])
  assert.match(
    await read('a/items.csv'),
    /^ITEM_ID,TITLE,GENRES,YEAR,CREATION_TIMESTAMP\nfilm-001,[^,]+,[^,]+,\d{4},\d+\n/,
  )
})
