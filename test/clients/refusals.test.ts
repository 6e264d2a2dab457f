/** The table of refusals by plain requests: quick, so that a changed sentence shows before any client is asked. */
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { arnOf, post, serverProcess, temporaryFolder } from '../support/server.ts'
import { refusals } from './refusals.ts'
import { makeWorld } from './world.ts'

test('every documented refusal, by plain requests', async t => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'buckets', 'bucket'), { recursive: true })
  await makeWorld(folder, ['us-east-1'])
  const server = await serverProcess(t, folder, ['--auth', 'off', '--auto-training', 'off'])
  const [found, expected]: string[][] = [[], []]
  for (const [operation, input, name, message] of refusals(arnOf)) {
    const { text } = await post(server, `AmazonPersonalize.${operation}`, JSON.stringify(input))
    found.push(`${operation}: ${text}`)
    expected.push(`${operation}: ${JSON.stringify({ __type: name, message })}`)
  }
  assert.deepEqual(found, expected)
})
