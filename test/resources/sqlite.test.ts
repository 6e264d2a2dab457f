import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { migrations } from '../../src/resources/migrations.ts'
import { openSqlite } from '../../src/resources/sqlite.ts'
import { stateStoreContract } from './contract.ts'

const freshFolder = () => mkdtempSync(join(tmpdir(), 'sommelier-state-'))

stateStoreContract('the state store on SQLite', () => {
  const folder = freshFolder()
  return { open: () => openSqlite(folder), clean: () => rmSync(folder, { recursive: true }) }
})

test('a data folder has one owner', async t => {
  const folder = freshFolder()
  t.after(() => rmSync(folder, { recursive: true }))
  const state = openSqlite(folder)
  const message = `Another sommelier is running on the data folder '${folder}': stop it, or choose another with --data.`
  assert.throws(() => openSqlite(folder), { name: 'Refusal', message })
  await state.close()
  await openSqlite(folder).close()
})

for (const file of ['lock.sqlite', 'state.sqlite']) {
  test(`a data folder where ${file} cannot be opened is refused, and free afterwards`, async t => {
    const folder = freshFolder()
    t.after(() => rmSync(folder, { recursive: true }))
    mkdirSync(join(folder, file))
    const message = `The data folder cannot be written (unable to open database file, in '${folder}'): choose another with --data.`
    assert.throws(() => openSqlite(folder), { name: 'Refusal', message })
    rmSync(join(folder, file), { recursive: true })
    await openSqlite(folder).close()
  })
}

test('kill -9 loses nothing that was acknowledged, and frees the folder at once', async t => {
  const folder = freshFolder()
  t.after(() => rmSync(folder, { recursive: true }))
  for (let round = 0; round < 5; round++) {
    const child = spawn(process.execPath, [new URL('../support/stateWriter.ts', import.meta.url).pathname, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let acknowledged = ''
    for await (const chunk of child.stdout) {
      acknowledged += chunk
      if (acknowledged.split('\n').length > 20 + round * 7) break
    }
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    const state = openSqlite(folder)
    for (const name of acknowledged.split('\n').slice(0, -1)) {
      const found = await state.transact(async transaction => ({
        resource: await transaction.find(`arn:${name}`),
        work: await transaction.workOf(`arn:${name}`),
      }))
      assert.ok(found.resource && found.work, `${name} was acknowledged and is not whole`)
    }
    await state.close()
  }
})

test('a state of the future is refused', t => {
  const folder = freshFolder()
  t.after(() => rmSync(folder, { recursive: true }))
  const future = new DatabaseSync(join(folder, 'state.sqlite'))
  future.exec('pragma user_version = 99')
  future.close()
  assert.throws(() => openSqlite(folder), {
    name: 'Refusal',
    message: `The data folder was written by a newer sommelier (state version 99; this one knows ${migrations.length}): use that one, or another data folder.`,
  })
})

test('a state of version 1 learns which dataset group everything is in', async t => {
  const folder = freshFolder()
  t.after(() => rmSync(folder, { recursive: true }))
  const old = new DatabaseSync(join(folder, 'state.sqlite'))
  old.exec(`${migrations[0]}; pragma user_version = 1`)
  const insert = old.prepare(
    "insert into resource (arn, type, account, region, name, parent, created_ms, updated_ms, body, hidden) values (?, ?, 'a', 'r', 'n', ?, 1, 1, '{}', '{}')",
  )
  insert.run('job', 'batch-inference-job', 'version')
  insert.run('schema', 'schema', null)
  insert.run('version', 'solution-version', 'solution')
  insert.run('solution', 'solution', 'group')
  insert.run('group', 'dataset-group', null)
  old.close()
  const state = openSqlite(folder)
  const groups = await state.transact(async transaction =>
    Promise.all(
      ['job', 'schema', 'version', 'solution', 'group'].map(async arn => (await transaction.find(arn))?.group),
    ),
  )
  assert.deepEqual(groups, ['group', undefined, 'group', 'group', undefined])
  await state.close()
})
