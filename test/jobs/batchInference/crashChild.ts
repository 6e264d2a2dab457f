/**
 * One attempt of a job in a process of its own, with checkpoints in a file (a line each, synced), which kills itself with SIGKILL at the
 * moment it is told: `crashChild.ts <root> <attempt> <moment> <output>`. Answers 'done' on standard output when the job comes to its end.
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { runBatchInference } from '../../../src/jobs/batchInference/run.ts'
import { contextOf, describe, openPlace } from './fixture.ts'

/** Of the process: before or after its n-th checkpoint is durable, at its n-th report, with n chunks of an output written, around its n-th placing of a file. */
export interface Moment {
  readonly at:
    | 'before checkpoint'
    | 'after checkpoint'
    | 'progress'
    | 'output chunk'
    | 'before placing'
    | 'after placing'
    | 'never'
  readonly n: number
}

const SHARD_BYTES = 4000
const [root, attempt, moment, output] = process.argv.slice(2)
const { at, n }: Moment = JSON.parse(moment)
const counts = new Map<Moment['at'], number>()

function pass(here: Moment['at']): void {
  counts.set(here, (counts.get(here) ?? 0) + 1)
  if (here === at && counts.get(here) === n) process.kill(process.pid, 'SIGKILL')
}

const file = join(root, 'checkpoints')
const finished = new Map<string, unknown>()
if (existsSync(file)) {
  for (const line of readFileSync(file, 'utf8').split('\n').slice(0, -1))
    finished.set(...(JSON.parse(line) as [string, unknown]))
}
const descriptor = openSync(file, 'a')
const place = openPlace(root)

async function* watched(content: Uint8Array | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (content instanceof Uint8Array) yield content
  else {
    for await (const chunk of content) {
      yield chunk
      pass('output chunk')
    }
  }
}

const context = contextOf(
  place,
  {
    attempt: Number(attempt),
    objects: Object.assign(Object.create(place.objects), {
      head: place.objects.head.bind(place.objects),
      list: place.objects.list.bind(place.objects),
      read: place.objects.read.bind(place.objects),
      localFile: place.objects.localFile.bind(place.objects),
      async growingFile(address, name) {
        const file = await place.objects.growingFile!(address, name)
        return {
          ...file,
          async place(bytes) {
            pass('before placing')
            await file.place(bytes)
            pass('after placing')
          },
        }
      },
      write: (address, content, options) => place.objects.write(address, watched(content), options),
    } satisfies Partial<typeof place.objects>),
    progress: () => pass('progress'),
    async checkpoint(name, value) {
      pass('before checkpoint')
      writeSync(descriptor, `${JSON.stringify([name, value])}\n`)
      fsyncSync(descriptor)
      pass('after checkpoint')
    },
  },
  finished,
)
await runBatchInference(describe({ inputPath: 's3://in/', outputPath: 's3://out/' }), context, {
  shardBytes: SHARD_BYTES,
  parts: output === 'parts',
  checkpointSeconds: 0,
})
closeSync(descriptor)
process.stdout.write('done')
