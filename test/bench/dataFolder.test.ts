/** The benches of quality take any folder in the format of ../shared/data. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readDataFolder } from '../../bench/lib/csv.ts'
import { readMetadataFolder } from '../../bench/lib/metadata.ts'
import { Refusal } from '../../src/lib/refusal.ts'
import type { Features } from '../../src/models/features.ts'
import { historiesOf } from '../models/toy.ts'
import { temporaryFolder } from '../support/server.ts'

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder()
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

test('columns in any order and more of them, quoted cells, either line end; users, items and events in their order', () => {
  const folder = folderWith({
    'interactions.csv':
      'TIMESTAMP,EVENT_TYPE,ITEM_ID,USER_ID\r\n20,view,b,"u,1"\r\n10,"say ""hi""",a,"u,1"\r\n20,view,c,"u,1"\r\n5,view,b,u2',
    'items.csv': 'NOTE,ITEM_ID\n"a, b",a\nx,unseen\n',
  })
  const { interactions, users, items, catalogueItemCount } = readDataFolder(folder)
  assert.deepEqual(
    [users, items],
    [
      ['u,1', 'u2'],
      ['b', 'a', 'c'],
    ],
  )
  assert.deepEqual(historiesOf(interactions), [[1, 0, 2], [0]])
  assert.deepEqual([...interactions.times], [10, 20, 20, 5])
  assert.equal(catalogueItemCount, 4)
})

test('what cannot be read is refused in a sentence', () => {
  const refused = (text: string | undefined, message: (folder: string) => string) => {
    const folder = folderWith(text === undefined ? {} : { 'interactions.csv': text })
    assert.throws(() => readDataFolder(folder), new Refusal(message(folder)))
  }
  const HEADER = 'USER_ID,ITEM_ID,TIMESTAMP\n'
  refused(undefined, folder => `There is no ${folder}/interactions.csv: name the data folders as arguments.`)
  refused(
    'USER,ITEM_ID,TIMESTAMP\n',
    folder =>
      `${folder}/interactions.csv has the columns USER,ITEM_ID,TIMESTAMP, where USER_ID, ITEM_ID, TIMESTAMP were expected.`,
  )
  for (const line of ['u,i', 'u,"i,3'])
    refused(
      `${HEADER}${line}\n`,
      folder => `${folder}/interactions.csv has the line '${line}', where 3 cells at least were expected.`,
    )
  for (const time of ['', 'noon'])
    refused(
      `${HEADER}u,i,${time}\n`,
      folder => `${folder}/interactions.csv has the TIMESTAMP '${time}', where epoch seconds were expected.`,
    )
})

test('columns of items that no other folder has: numbers, categories and texts by their values', async () => {
  const rows = Array.from(
    { length: 40 },
    (_, i) => `i${i},kind ${i % 4},${i % 5 ? Math.floor(i / 8) : ''},"a note, the ${i}th"`,
  )
  const events = Array.from({ length: 1200 }, (_, e) => `u${e % 30},i${e % 40},${1_600_000_000 + e}`)
  const folder = folderWith({
    'interactions.csv': `USER_ID,ITEM_ID,TIMESTAMP\n${events.join('\n')}\n`,
    'items.csv': `ITEM_ID,SORT,HEIGHT,REMARK\n${rows.join('\n')}\n`,
  })
  const { features, texts, indexOf } = await readMetadataFolder(folder)
  const featuresAt = ({ offsets, features: each }: Features, item: string) =>
    new Set(each.subarray(offsets[indexOf(item)], offsets[indexOf(item) + 1]))
  const shared = (all: Features, one: string, other: string) =>
    featuresAt(all, one).intersection(featuresAt(all, other)).size
  // Of one sort; of one sort and one height.
  assert.ok(shared(features, 'i2', 'i34') > 0)
  assert.ok(shared(features, 'i2', 'i6') > shared(features, 'i2', 'i34'))
  // Of what is written the sort is shared, and the height is nothing that is written.
  assert.ok(shared(texts, 'i2', 'i34') > 0)
  assert.equal(shared(texts, 'i2', 'i6'), shared(texts, 'i2', 'i34'))
})
