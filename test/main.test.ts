/** `sommelier COMMAND` in a pipe whose reader has seen enough. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))

test('a reader that ends before a command ends it without a word, as SIGPIPE would', {
  skip: process.platform === 'win32' && 'Windows has no such signal.',
}, async () => {
  for (const args of [['--help'], ['jobs', '--help']]) {
    const command = spawn(process.execPath, [main, ...args])
    command.stdout.destroy()
    let said = ''
    command.stderr.on('data', chunk => {
      said += chunk
    })
    const [status] = await once(command, 'close')
    assert.deepEqual({ status, said }, { status: 141, said: '' }, args.join(' '))
  }
})
