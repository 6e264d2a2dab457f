/** Pages stay where they were: under what comes and goes meanwhile, and over a restart of the server. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { interactionsSchema } from '../support/flow.ts'
import { arnOf, call, refuses, serverProcess, type TestServer, temporaryFolder } from '../support/server.ts'

interface Page {
  readonly schemas: readonly { readonly name: string }[]
  readonly nextToken?: string
}

async function page(server: TestServer, nextToken?: string): Promise<[names: string[], nextToken: string | undefined]> {
  const found = await call<Page>(server, 'ListSchemas', { maxResults: 2, nextToken })
  return [found.schemas.map(({ name }) => name), found.nextToken]
}

test('a token goes on where its page ended, whatever came and went, and after a restart', async t => {
  const folder = temporaryFolder()
  const schema = interactionsSchema()
  const before = await serverProcess(t, folder, ['--auth', 'off'])
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) await call(before, 'CreateSchema', { name, schema })
  const [first, token] = await page(before)
  assert.deepEqual(first, ['f', 'e'])
  assert.match(token ?? '', /^[\w=-]{16,}$/)
  // New ones come first, and were never on a later page; the last of the page before and the next one go.
  await call(before, 'CreateSchema', { name: 'g', schema })
  for (const name of ['e', 'd']) await call(before, 'DeleteSchema', { schemaArn: arnOf(`schema/${name}`) })
  await before.kill('SIGKILL')

  const after = await serverProcess(t, folder, ['--auth', 'off'])
  const [second, next] = await page(after, token)
  assert.deepEqual(second, ['c', 'b'])
  assert.deepEqual(await page(after, next), [['a'], undefined])
  const message = 'The nextToken was not given out by this list operation with these parameters.'
  await refuses(after, 'ListDatasetGroups', { nextToken: token }, 'InvalidNextTokenException', message)
  const elsewhere = await serverProcess(t, temporaryFolder(), ['--auth', 'off'])
  await refuses(elsewhere, 'ListSchemas', { nextToken: token }, 'InvalidNextTokenException', message)
})
