/** The two directions of bytes, shared by the adapters: a stream over a source that is pulled, and a writer's content that can be stopped. */
import { Readable } from 'node:stream'
import { assert } from '../lib/assert.ts'

/** Where a stream's bytes come from. `close` is called once, however the stream ends, even if it was never read. */
export interface PullSource {
  /** The next bytes, never none; undefined at the end. */
  next(): Promise<Uint8Array | undefined>
  close(): Promise<void>
}

/** A stream of `source` that holds about `bytesAhead` bytes ready and fails with `signal.reason` when that is aborted. */
export function pullStream(source: PullSource, bytesAhead: number, signal?: AbortSignal): Readable {
  const stream = new Readable({
    highWaterMark: bytesAhead,
    read() {
      source.next().then(
        bytes => stream.push(bytes ?? null),
        error => stream.destroy(error),
      )
    },
    destroy(error, done) {
      signal?.removeEventListener('abort', stop)
      source.close().then(() => done(error), done)
    },
  })
  const stop = () => stream.destroy(signal?.reason)
  signal?.addEventListener('abort', stop)
  if (signal?.aborted) stop()
  return stream
}

/**
 * The content of a write, chunk by chunk. When `signal` is aborted, throws its reason at once, even if the content never comes to its next
 * chunk; the content is then told to end, and not waited for.
 */
export async function* chunksOf(
  content: Uint8Array | AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  signal?.throwIfAborted()
  if (content instanceof Uint8Array) {
    yield content
    return
  }
  const iterator = content[Symbol.asyncIterator]()
  let ended = false
  try {
    for (;;) {
      const result = await orAborted(iterator.next(), signal)
      signal?.throwIfAborted()
      ended = result.done === true
      if (ended) return
      assert(result.value instanceof Uint8Array, 'the content of an object is not made of bytes')
      yield result.value
    }
  } finally {
    if (!ended) iterator.return?.().catch(() => {}) // Its failure to end is no news: the write has failed already, for a better reason.
  }
}

/** `promise`, or a rejection with the signal's reason as soon as that is aborted; what the promise does then is nobody's concern. */
export function orAborted<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return promise
  return new Promise<T>((resolve, reject) => {
    const stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
    promise.finally(() => signal.removeEventListener('abort', stop)).then(resolve, reject)
  })
}
