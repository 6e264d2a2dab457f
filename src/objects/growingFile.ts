/** A file in the hidden folder of a folder store that is written for hours, by threads that know its path, before it becomes an object. */
import { constants } from 'node:fs'
import { type FileHandle, lstat, open, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { attempt } from './folderErrors.ts'
import { errorCode, type Folder, Obstacle, obstacle } from './folderWalk.ts'
import type { GrowingFile, ObjectAddress } from './objectStore.ts'

/** An object's folder may vanish under its writer when another removes the last object in it; each time that is a fresh coincidence. */
const PLACE_TRIES_MAX = 16

/** Opens or makes the file at `path`; `become` puts it in its place. */
export async function openGrowingFile(
  path: string,
  address: ObjectAddress,
  become: () => Promise<void>,
): Promise<GrowingFile> {
  const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants
  /**
   * Not held open: a job may have a thousand of them. Made only at first: one that was removed meanwhile, with what threads wrote to it, must
   * not be filled up with zeros and become the object.
   */
  const withFile = <T>(work: (handle: FileHandle) => Promise<T>, make = 0): Promise<T> =>
    attempt('written', address, async () => {
      const handle = await open(path, O_RDWR | make | (O_NOFOLLOW ?? 0))
      try {
        return await work(handle)
      } finally {
        await handle.close()
      }
    })
  return {
    path,
    bytes: (await withFile(handle => handle.stat(), O_CREAT)).size,
    sync: () => withFile(handle => handle.datasync()),
    async place(bytes) {
      await withFile(async handle => {
        await handle.truncate(bytes)
        await handle.sync()
      })
      await attempt('written', address, become)
    },
    async remove() {
      await unlink(path).catch(() => {}) // What stays goes when it is old (incoming.ts).
    },
  }
}

/** The whole file at `path` becomes the object at `segments` in one step. */
export async function place(path: string, bucket: Folder, segments: string[]): Promise<void> {
  const name = segments.at(-1)!
  for (let tries = 1; ; tries++) {
    try {
      await using parent = await bucket.descend(segments.slice(0, -1), 'enterOrMake')
      const there = await lstat(parent.at(name)).catch(() => undefined) // What keeps it from being seen keeps rename from working.
      if (there && !there.isFile()) throw obstacle(there, join(parent.path, name))
      await rename(path, parent.at(name))
      await parent.sync()
      return
    } catch (error) {
      const vanished = errorCode(error) === 'ENOENT' || (error instanceof Obstacle && error.kind === 'absent')
      if (!vanished || tries === PLACE_TRIES_MAX) throw error
    }
  }
}
