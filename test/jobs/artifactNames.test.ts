import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dataVersion } from '../../src/datasets/dataVersion.ts'
import { artifactNames, dataVersions, withNewNames } from '../../src/jobs/artifactNames.ts'

const first = { parts: ['imports/1-1/part-00000.parquet', 'imports/1-1/part-00001.parquet'], rowCount: 10, note: 'x' }
const second = { parts: ['imports/2-1/part-00000.parquet'], rowCount: 5 }
const record = {
  data: { interactions: [first, second], items: [] },
  model: 'models/3-1/',
  metrics: { coverage: 1 },
  none: null,
}

test('names are found wherever they stand', () => {
  assert.deepEqual(artifactNames(record), [...first.parts, ...second.parts, 'models/3-1/'])
  assert.deepEqual(artifactNames({ text: 'not imports/1-1/x, nor', also: ['imports/x', 'models/', 'staging/1/'] }), [])
})

test('versions of data are those of whole lists of imports, wherever they stand', () => {
  assert.deepEqual(dataVersions(record), [dataVersion([first, second])])
  assert.deepEqual(dataVersions([first]), [dataVersion([first])])
  assert.deepEqual(dataVersions({ filter: { imports: { ITEMS: [second], USERS: [] } }, parts: ['x'], rowCount: 1 }), [
    dataVersion([second]),
  ])
  const versions = [[first], [second], [first, second], [second, first]].map(dataVersion)
  assert.equal(new Set(versions).size, 4)
  for (const version of versions) assert.match(version, /^v[0-9a-f]{32}$/)
})

test('parts get their new keys and counts; what is empty goes', () => {
  const renaming = {
    parts: new Map([
      [first.parts[1], { key: 'imports/9-1/part-00001.parquet', removedCount: 3 }],
      [second.parts[0], { key: undefined, removedCount: 5 }],
    ]),
    models: new Map([['models/3-1/', 'models/9-1/0/']]),
  }
  assert.deepEqual(withNewNames(record, renaming), {
    data: {
      interactions: [{ parts: [first.parts[0], 'imports/9-1/part-00001.parquet'], rowCount: 7, note: 'x' }],
      items: [],
    },
    model: 'models/9-1/0/',
    metrics: { coverage: 1 },
    none: null,
  })
  assert.equal(withNewNames(record, { parts: new Map(), models: new Map([['models/4-1/', 'x']]) }), record)
})
