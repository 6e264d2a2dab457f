/**
 * What a job reads and where each answer goes.
 *
 * Input: the object of exactly that name if there is one; else every object whose key starts with it, the reference's rule. Zero-byte
 * objects are folder markers (and `_CHECK`), not input. Nor is what this very job writes: everything in an output folder whose path
 * begins with the input's (`s3://b/users` → `s3://b/users-out/`), and elsewhere whatever has the output name of another object found.
 *
 * Output: `<output folder>/<name>.out`, the name being what follows the last '/' of the input path in the key. Of one object that is its
 * base name; of a prefix the path below it is kept, so no two inputs have one output.
 */
import { randomUUID } from 'node:crypto'
import { Refusal } from '../../lib/refusal.ts'
import { checkKey } from '../../objects/names.ts'
import {
  formatAddress,
  type ObjectAddress,
  ObjectError,
  type ObjectInfo,
  type ObjectStore,
  parseAddress,
} from '../../objects/objectStore.ts'
import type { BatchDescription } from './description.ts'

export interface BatchInput {
  readonly from: ObjectAddress
  readonly to: ObjectAddress
  readonly bytes: number
  /** Of the version that the job answers. */
  readonly etag: string
  /** What its output is called while it grows, where objects are files. Random: it outlives the process, whose id another may have then. */
  readonly fileName: string
}

export interface BatchPaths {
  readonly input: ObjectAddress
  /** The key is empty or ends with '/'. */
  readonly output: ObjectAddress
}

type Asked = Pick<BatchDescription, 'inputPath' | 'limits'>

/** Throws Refusal with the reference's words and ours. Looks at the names alone. */
export function checkPaths({ inputPath, outputPath }: Pick<BatchDescription, 'inputPath' | 'outputPath'>): BatchPaths {
  const input = refusedAs('Invalid S3 input path', () => parseAddress(inputPath))
  const { bucket, key } = refusedAs('Invalid S3 output path', () => parseAddress(outputPath))
  if (bucket === input.bucket && withoutSlash(key) === withoutSlash(input.key)) {
    throw new Refusal(`Invalid S3 output path: '${outputPath}' is the input path; a path of its own was expected.`)
  }
  return { input, output: { bucket, key: key === '' || key.endsWith('/') ? key : `${key}/` } }
}

/** The inputs of the job, in ascending order of their keys. Throws Refusal when there are none or too many. */
export async function listInputs(
  { input, output }: BatchPaths,
  description: Asked,
  objects: ObjectStore,
  signal: AbortSignal,
): Promise<BatchInput[]> {
  try {
    const found = withoutOutputs(await findObjects(input, objects, description, signal), input, output)
    if (found.length === 0) {
      throw new Refusal(
        `Invalid S3 input path: there is no object with content whose path starts with '${description.inputPath}'.`,
      )
    }
    return checkAmount(found, input, output, description)
  } catch (error) {
    throw error instanceof ObjectError ? explained(error, 'input', description.inputPath) : error
  }
}

/**
 * Leaves the empty object `_CHECK` in the output folder, as the reference does, to learn before the work whether it may write there.
 * Empty, so that a later job over that folder does not take it for input.
 */
export async function probeOutput({ output }: BatchPaths, objects: ObjectStore, signal: AbortSignal): Promise<void> {
  const probe = { bucket: output.bucket, key: `${output.key}_CHECK` }
  try {
    await objects.write(probe, new Uint8Array(0), { signal })
  } catch (error) {
    throw error instanceof ObjectError ? explained(error, 'output', formatAddress(probe)) : error
  }
}

/** Throws Refusal when the input is no longer the version that the job answers. */
export async function checkUnchanged(
  { from, etag }: BatchInput,
  objects: ObjectStore,
  signal: AbortSignal,
): Promise<void> {
  const now = await objects.head(from, { signal })
  if (now?.etag === etag) return
  const what = now ? 'changed' : 'removed'
  throw new Refusal(
    `The input '${formatAddress(from)}' was ${what} while the job was reading it; it was expected to stay as it was.`,
  )
}

/** A store's error in the words of the reference; what is merely unavailable stays as it is, and may be tried again. */
export function explained(error: ObjectError, side: 'input' | 'output', path: string): Refusal {
  if (error.code === 'Unavailable') return error
  if (error.code === 'AccessDenied') {
    const refused = side === 'input' ? 'reading' : 'writing'
    return new Refusal(
      `Insufficient privileges for accessing data in Amazon S3: ${refused} '${path}' was denied. ${error.message}`,
    )
  }
  return new Refusal(`Invalid S3 ${side} path: ${error.message}`)
}

async function findObjects(
  input: ObjectAddress,
  objects: ObjectStore,
  { inputPath, limits }: Asked,
  signal: AbortSignal,
): Promise<ObjectInfo[]> {
  const exact = input.key === '' || input.key.endsWith('/') ? undefined : await objects.head(input)
  if (exact !== undefined && exact.bytes > 0) return [exact]
  const found: ObjectInfo[] = []
  for await (const object of objects.list(input.bucket, input.key, { signal })) {
    if (object.bytes === 0) continue
    found.push(object)
    // Half of what is found may be answers of an earlier run.
    if (found.length > 2 * limits.inputFiles) throw tooManyFiles(inputPath, limits.inputFiles)
  }
  return found
}

function withoutOutputs(found: ObjectInfo[], input: ObjectAddress, output: ObjectAddress): ObjectInfo[] {
  if (input.bucket !== output.bucket) return found
  // Everything in an output folder below the input prefix: a renamed input would else leave its old answers behind as input.
  if (output.key !== input.key && output.key.startsWith(input.key)) {
    return found.filter(({ key }) => !key.startsWith(output.key))
  }
  const outputs = new Set(found.map(({ key }) => outputKey(key, input, output)))
  return found.filter(({ key }) => !outputs.has(key))
}

function checkAmount(
  found: readonly ObjectInfo[],
  input: ObjectAddress,
  output: ObjectAddress,
  { inputPath, limits }: Asked,
): BatchInput[] {
  if (found.length > limits.inputFiles) throw tooManyFiles(inputPath, limits.inputFiles)
  const bytes = found.reduce((sum, object) => sum + object.bytes, 0)
  if (bytes > limits.inputBytes) {
    throw new Refusal(
      `The input at '${inputPath}' has ${bytes} bytes; at most ${limits.inputBytes} were expected for one job.`,
    )
  }
  return found.map(object => {
    const to = { bucket: output.bucket, key: outputKey(object.key, input, output) }
    refusedAs('Invalid S3 output path', () => checkKey(to.key))
    return {
      from: { bucket: input.bucket, key: object.key },
      to,
      bytes: object.bytes,
      etag: object.etag,
      fileName: randomUUID(),
    }
  })
}

const outputKey = (key: string, input: ObjectAddress, output: ObjectAddress): string =>
  `${output.key}${key.slice(input.key.lastIndexOf('/') + 1)}.out`

const tooManyFiles = (inputPath: string, inputFiles: number): Refusal =>
  new Refusal(`The input at '${inputPath}' has more than ${inputFiles} objects, the most that one job may have.`)

const withoutSlash = (key: string): string => (key.endsWith('/') ? key.slice(0, -1) : key)

function refusedAs<T>(what: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw error instanceof ObjectError ? new Refusal(`${what}: ${error.message}`) : error
  }
}
