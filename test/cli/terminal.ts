/** A terminal that remembers, a clock that only waiting moves, and a server that answers from a list. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import type { Io, Terminal } from '../../src/cli/io.ts'
import { manualClock } from '../../src/lib/clock.ts'

/** 2026-01-02T03:04:05Z. */
export const NOW_MS = 1_767_323_045_000

export interface RecordedIo extends Io {
  readonly said: { out: string; err: string }
}

export function recordedIo(options: { columns?: number; env?: Io['env']; signal?: AbortSignal } = {}): RecordedIo {
  const said = { out: '', err: '' }
  const clock = manualClock(NOW_MS)
  const terminal = (stream: 'out' | 'err'): Terminal => ({
    write(text) {
      said[stream] += text
    },
    ...(options.columns === undefined ? {} : { isTTY: true, columns: options.columns }),
  })
  const signal = options.signal ?? new AbortController().signal
  return {
    said,
    out: terminal('out'),
    err: terminal('err'),
    env: options.env ?? {},
    clock,
    signal,
    async wait(ms) {
      clock.advance(ms)
      signal.throwIfAborted()
    },
  }
}

export interface Asked {
  readonly target: string
  readonly contentType: string
  readonly body: Record<string, unknown>
}

/** Answers the nth request with the nth of `answers` (the last one again and again), and remembers what was asked. */
export async function answering(
  t: TestContext,
  answers: readonly ({ status?: number; body: string | object } | 'hang up')[],
): Promise<{ endpoint: string; asked: Asked[] }> {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const answer = answers[Math.min(asked.length, answers.length - 1)]
    asked.push({
      target: String(request.headers['x-amz-target']),
      contentType: String(request.headers['content-type']),
      body: JSON.parse(Buffer.concat(chunks).toString()),
    })
    if (answer === 'hang up') {
      request.socket.destroy()
      return
    }
    const { status = 200, body } = answer
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}
