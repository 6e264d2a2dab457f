/** The files below a folder as objects, in the order in which S3 lists keys. */
import type { BigIntStats } from 'node:fs'
import { type Folder, Obstacle } from './folderWalk.ts'
import { isSegment, KEY_BYTES_MAX } from './names.ts'
import type { ObjectInfo } from './objectStore.ts'

/** What desktops drop into every folder they show. */
const DESKTOP_LITTER: ReadonlySet<string> = new Set(['.DS_Store', 'Thumbs.db', 'desktop.ini'])

/** Everything in `folder` whose name begins with `nameStart`, then below it, in the order of the keys, which begin with `keyStart`. */
export async function* objectsIn(
  folder: Folder,
  keyStart: string,
  nameStart: string,
  signal?: AbortSignal,
): AsyncGenerator<ObjectInfo> {
  // A folder stands at `name/`, not at `name`: S3's order is a-b, a.b, a/b, a0.
  const names = (await folder.names(nameStart)).sort(compareUtf8)
  for (const [i, name] of names.entries()) {
    signal?.throwIfAborted()
    const key = keyStart + name
    const inner = name.endsWith('/') ? name.slice(0, -1) : name
    // Two names that are not UTF-8 may come out as the same text, which is the name of neither.
    if (name === names[i - 1] || !isSegment(inner) || Buffer.byteLength(key) > KEY_BYTES_MAX) continue
    if (inner !== name) {
      await using below = await folder.enter(inner).catch(ignoreObstacle)
      if (below) yield* objectsIn(below, key, '', signal)
    } else if (!DESKTOP_LITTER.has(name)) {
      const found = await folder.statFile(name).catch(ignoreObstacle)
      if (found) yield objectInfo(key, found)
    }
  }
}

/** Gone or replaced between the look at the folder and the look at the file, as anything may be while others work. */
function ignoreObstacle(error: unknown): undefined {
  if (!(error instanceof Obstacle)) throw error
}

/** A new file has a new inode, and a file that was changed in its place has a new change time, which no program can set back. */
export const objectInfo = (key: string, found: BigIntStats): ObjectInfo => ({
  key,
  bytes: Number(found.size),
  etag: `${found.ino}-${found.size}-${found.ctimeNs}`,
})

/**
 * The order of the UTF-8 bytes, which S3 lists in, for JavaScript's UTF-16: the same but for surrogates (U+10000 and above), which have
 * to come after U+E000..U+FFFF.
 */
function compareUtf8(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length)
  for (let i = 0; i < shorter; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return utf8Rank(x) - utf8Rank(y)
  }
  return a.length - b.length
}

const utf8Rank = (unit: number) => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800)
