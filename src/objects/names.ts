/**
 * Names of buckets and objects. In a folder a key becomes a path, segment by segment, so every segment has to be a name that the file system
 * keeps as it is and that leads one step down: this is the first of two guards against leaving the store (`folderWalk.ts` is the second:
 * it follows no symbolic link). S3 itself takes any key of 1 to 1024 bytes.
 */
import { threadId } from 'node:worker_threads'
import { ObjectError } from './objectStore.ts'

/** S3's own limit (S3 user guide, "Creating object key names"). */
export const KEY_BYTES_MAX = 1024
/** NAME_MAX of ext4, xfs, apfs and ntfs alike. */
const SEGMENT_BYTES_MAX = 255

/**
 * S3 asks for 3..63 of a-z, 0-9, '-' and '.'. Folders made by hand are taken more leniently, but never hidden ones: those are the store's
 * own and the desktop's.
 */
const BUCKET_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/

const WINDOWS = process.platform === 'win32'
/** Learn Microsoft, "Naming Files, Paths, and Namespaces". */
const WINDOWS_FORBIDDEN = /[<>:"\\|?*]|[. ]$|^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i

/** Throws ObjectError InvalidAddress. */
export function checkBucketName(bucket: string): void {
  if (BUCKET_NAME.test(bucket) && (!WINDOWS || !WINDOWS_FORBIDDEN.test(bucket))) return
  throw new ObjectError(
    'InvalidAddress',
    `${shown(bucket)} is not a bucket name: a letter or digit, then at most 254 letters, digits, '.', '_' and '-' were expected.`,
  )
}

/** What every store asks of a key. Throws ObjectError InvalidAddress. */
export function checkKey(key: string): void {
  const fault = lengthFault(key) ?? (key.isWellFormed() ? undefined : 'it contains half of a character')
  if (fault !== undefined) throw invalidKey(key, fault)
}

/** The path of a key as its segments. Throws ObjectError InvalidAddress, saying what is wrong with it. */
export function keySegments(key: string): string[] {
  const segments = key.split('/')
  const fault = lengthFault(key) ?? segments.map(segmentFault).find(found => found !== undefined)
  if (fault !== undefined) throw invalidKey(key, fault)
  return segments
}

/** A prefix as the segments that are whole and the beginning of the name in which it ends. Throws ObjectError InvalidAddress. */
export function prefixSegments(prefix: string): { folders: string[]; nameStart: string } {
  const folders = prefix.split('/')
  const nameStart = folders.pop()!
  const fault = folders.map(segmentFault).find(found => found !== undefined) ?? byteFault(nameStart)
  if (fault !== undefined)
    throw new ObjectError('InvalidAddress', `${shown(prefix)} cannot begin the key of an object: ${fault}.`)
  return { folders, nameStart }
}

/** Whether a file of this name, found in a folder of the store, can be reached by a key. */
export const isSegment = (name: string): boolean => segmentFault(name) === undefined

const invalidKey = (key: string, fault: string) =>
  new ObjectError('InvalidAddress', `${shown(key)} cannot be the key of an object: ${fault}.`)

function lengthFault(key: string): string | undefined {
  if (key === '') return 'it is empty'
  const bytes = Buffer.byteLength(key)
  return bytes > KEY_BYTES_MAX ? `it has ${bytes} bytes and at most ${KEY_BYTES_MAX} were expected` : undefined
}

function segmentFault(segment: string): string | undefined {
  if (segment === '') return `it begins or ends with '/' or has two of them in a row`
  if (segment === '.' || segment === '..') return `'${segment}' is a step between folders, not a name`
  const bytes = Buffer.byteLength(segment)
  if (bytes > SEGMENT_BYTES_MAX) {
    return `a name between two '/' has ${bytes} bytes and at most ${SEGMENT_BYTES_MAX} were expected`
  }
  return byteFault(segment)
}

function byteFault(text: string): string | undefined {
  for (const char of text) {
    const point = char.codePointAt(0)!
    if (point < 0x20 || point === 0x7f) return `it contains the control character ${unicodeName(point)}`
    if (point >= 0xd800 && point <= 0xdfff) return `it contains ${unicodeName(point)}, which is half of a character`
  }
  return WINDOWS && WINDOWS_FORBIDDEN.test(text) ? 'Windows cannot have a file of that name' : undefined
}

let nameCount = 0
/** A name that no other thread or call of this process has had. */
export const uniqueName = (): string => `${process.pid}-${threadId}-${nameCount++}`

const unicodeName = (point: number) => `U+${point.toString(16).toUpperCase().padStart(4, '0')}`

/** For a sentence: control characters escaped, and no more of it than a person reads. */
const SHOWN_CHARS_MAX = 80
function shown(text: string): string {
  const cut = text.length > SHOWN_CHARS_MAX ? `${text.slice(0, SHOWN_CHARS_MAX)}…` : text
  return `'${JSON.stringify(cut).slice(1, -1).replaceAll('\\"', '"').replaceAll('\\\\', '\\')}'`
}
