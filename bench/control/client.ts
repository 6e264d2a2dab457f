/** A client that costs little: keep-alive connections, each with one request under way, on bare sockets. */
import { connect, type Socket } from 'node:net'
import { assert } from '../../src/lib/assert.ts'
import { stopwatchSeconds } from '../../src/lib/clock.ts'

export interface Load {
  readonly port: number
  readonly connections: number
  readonly seconds: number
  /** Of the n-th request of all connections together. */
  request(n: number): { operation: string; input: object }
}

export interface Measured {
  readonly count: number
  readonly seconds: number
  /** Of each answer, ascending. */
  readonly milliseconds: Float64Array
}

/** Asks for `seconds`, then waits for what is under way. Every answer must be a 200. */
export async function put({ port, connections, seconds, request }: Load): Promise<Measured> {
  const milliseconds: number[] = []
  const start = stopwatchSeconds()
  let n = 0
  const drive = async () => {
    const socket = connect(port, '127.0.0.1').setNoDelay()
    const answers = answersOf(socket)
    while (stopwatchSeconds() - start < seconds) {
      const { operation, input } = request(n++)
      const body = JSON.stringify(input)
      const asked = stopwatchSeconds()
      socket.write(
        `POST / HTTP/1.1\r\nHost: bench\r\nContent-Type: application/x-amz-json-1.1\r\nX-Amz-Target: AmazonPersonalize.${operation}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      )
      const { value } = await answers.next()
      assert(value?.startsWith('HTTP/1.1 200 '), `${operation} was answered with ${value?.slice(0, 600)}`)
      milliseconds.push(1000 * (stopwatchSeconds() - asked))
    }
    socket.destroy()
  }
  await Promise.all(Array.from({ length: connections }, drive))
  return {
    count: milliseconds.length,
    seconds: stopwatchSeconds() - start,
    milliseconds: Float64Array.from(milliseconds).sort(),
  }
}

async function* answersOf(socket: Socket): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of socket.setEncoding('latin1') as AsyncIterable<string>) {
    rest += chunk
    for (;;) {
      const bodyAt = rest.indexOf('\r\n\r\n') + 4
      const length = /^content-length: (\d+)/im.exec(rest)?.[1]
      if (bodyAt < 4 || length === undefined || rest.length < bodyAt + Number(length)) break
      yield rest.slice(0, bodyAt + Number(length))
      rest = rest.slice(bodyAt + Number(length))
    }
  }
}
