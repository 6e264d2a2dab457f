/**
 * The object store in a folder: key `a/c.json` of bucket `b` is the file `<root>/b/a/c.json`, so that people can put files there by hand
 * and read what comes out. A bucket is a folder that somebody made; below it folders come and go with the objects in them, as in S3.
 *
 * Whole or not at all: an object grows as a hidden file (`incoming.ts`), is synced, renamed to its place, and the folder is synced; at
 * any moment, power cuts included, its place holds the old object or the new one. Nothing leaves the store: names are checked
 * (`names.ts`) and no step follows a symbolic link (`folderWalk.ts`).
 *
 * Known differences from S3: `a` and `a/b` cannot both be objects; where the file system ignores case or normalises Unicode (macOS,
 * Windows), so do keys; `.DS_Store` and its like are not listed.
 */
import { constants, mkdirSync, realpathSync } from 'node:fs'
import { type FileHandle, open, rmdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { attempt, objectError } from './folderErrors.ts'
import { objectInfo, objectsIn } from './folderList.ts'
import { errorCode, Folder, Obstacle } from './folderWalk.ts'
import { openGrowingFile, place } from './growingFile.ts'
import { INCOMING_FOLDER, incomingName, keptName, prepareIncoming } from './incoming.ts'
import { checkBucketName, keySegments, prefixSegments } from './names.ts'
import {
  type ByteRange,
  formatAddress,
  type GrowingFile,
  type ObjectAddress,
  ObjectError,
  type ObjectInfo,
  type ObjectStore,
} from './objectStore.ts'
import { chunksOf, pullStream } from './streams.ts'

/** One read call. At 64 KiB, Node's default, a large file is read at about half the speed. */
const READ_BYTES = 256 * 1024

export function openFolderStore(root: string): ObjectStore {
  mkdirSync(root, { recursive: true })
  const realRoot = realpathSync(root)
  prepareIncoming(realRoot)
  return new FolderStore(realRoot)
}

class FolderStore implements ObjectStore {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  async createBucket(bucket: string): Promise<void> {
    checkBucketName(bucket)
    await attempt('made', { bucket, key: '' }, async () => {
      await using root = await Folder.open(this.#root)
      await using _made = await root.enterOrMake(bucket)
    })
  }

  async *list(bucket: string, prefix: string, options: { signal?: AbortSignal } = {}): AsyncGenerator<ObjectInfo> {
    const { folders, nameStart } = prefixSegments(prefix)
    const address = { bucket, key: prefix }
    await using bucketFolder = await this.#openBucket(bucket)
    try {
      await using folder = await bucketFolder.descend(folders)
      yield* objectsIn(folder, prefix.slice(0, prefix.length - nameStart.length), nameStart, options.signal)
    } catch (error) {
      if (!(error instanceof Obstacle) || error.kind === 'link') throw objectError(error, 'listed', address)
    }
  }

  async head(address: ObjectAddress, options: { signal?: AbortSignal } = {}): Promise<ObjectInfo | undefined> {
    options.signal?.throwIfAborted()
    const segments = keySegments(address.key)
    await using bucket = await this.#openBucket(address.bucket)
    try {
      await using parent = await bucket.descend(segments.slice(0, -1))
      return objectInfo(address.key, await parent.statFile(segments.at(-1)!))
    } catch (error) {
      if (error instanceof Obstacle && error.kind !== 'link') return undefined
      throw objectError(error, 'read', address)
    }
  }

  async read(address: ObjectAddress, options: { range?: ByteRange; signal?: AbortSignal } = {}): Promise<Readable> {
    options.signal?.throwIfAborted()
    const handle = await this.#openObject(address)
    const { size } = await attempt('read', address, () => handle.stat()).catch(closing(handle))
    const end = Math.min(options.range?.end ?? size, size)
    let at = options.range?.start ?? 0
    const next = async () => {
      if (at >= end) return undefined
      const wanted = Math.min(READ_BYTES, end - at)
      const { bytesRead, buffer } = await attempt('read', address, () =>
        handle.read(Buffer.allocUnsafeSlow(wanted), 0, wanted, at),
      )
      if (bytesRead === 0) {
        throw new ObjectError(
          'Unavailable',
          `${formatAddress(address)} was cut short, to ${at} bytes, while it was read.`,
        )
      }
      at += bytesRead
      return buffer.subarray(0, bytesRead)
    }
    return pullStream({ next, close: () => handle.close() }, READ_BYTES, options.signal)
  }

  async write(
    address: ObjectAddress,
    content: Uint8Array | AsyncIterable<Uint8Array>,
    options: { signal?: AbortSignal } = {},
  ): Promise<void> {
    const segments = keySegments(address.key)
    await using bucket = await this.#openBucket(address.bucket)
    await using incoming = await attempt('written', address, () => Folder.open(join(this.#root, INCOMING_FOLDER)))
    const growing = incoming.at(incomingName())
    try {
      await this.#grow(growing, address, chunksOf(content, options.signal))
      options.signal?.throwIfAborted()
      await attempt('written', address, () => place(growing, bucket, segments))
    } catch (error) {
      await unlink(growing).catch(() => {}) // Not even begun, or for `prepareIncoming` to find; the reason of the failure is `error`.
      throw error
    }
  }

  async remove(address: ObjectAddress): Promise<void> {
    const segments = keySegments(address.key)
    await using bucket = await this.#openBucket(address.bucket)
    try {
      await using parent = await bucket.descend(segments.slice(0, -1))
      await parent.statFile(segments.at(-1)!)
      await unlink(parent.at(segments.at(-1)!))
      await parent.sync()
      await removeEmptyFolders(bucket, segments)
    } catch (error) {
      if (error instanceof Obstacle && error.kind !== 'link') return
      if (errorCode(error) !== 'ENOENT') throw objectError(error, 'removed', address)
    }
  }

  async localFile(address: ObjectAddress, _folder: string, options: { signal?: AbortSignal } = {}): Promise<string> {
    options.signal?.throwIfAborted()
    await (await this.#openObject(address)).close()
    return join(this.#root, address.bucket, ...keySegments(address.key))
  }

  async growingFile(address: ObjectAddress, name: string): Promise<GrowingFile> {
    const segments = keySegments(address.key)
    await using _exists = await this.#openBucket(address.bucket)
    const path = join(this.#root, INCOMING_FOLDER, keptName(name))
    return openGrowingFile(path, address, async () => {
      await using bucket = await this.#openBucket(address.bucket)
      await place(path, bucket, segments)
    })
  }

  async #openBucket(bucket: string): Promise<Folder> {
    checkBucketName(bucket)
    const path = join(this.#root, bucket)
    return Folder.open(path).catch(error => {
      if (!(error instanceof Obstacle)) throw objectError(error, 'read', { bucket, key: '' })
      if (error.kind === 'absent') {
        throw new ObjectError('NoSuchBucket', `There is no bucket '${bucket}': make it with mkdir '${path}'.`)
      }
      const what = error.kind === 'link' ? 'a symbolic link, which the store does not follow' : 'a file'
      throw new ObjectError('InvalidAddress', `The bucket '${bucket}' is no folder: '${path}' is ${what}.`)
    })
  }

  async #openObject(address: ObjectAddress): Promise<FileHandle> {
    const segments = keySegments(address.key)
    await using bucket = await this.#openBucket(address.bucket)
    return await attempt('read', address, async () => {
      await using parent = await bucket.descend(segments.slice(0, -1))
      return await parent.openFile(segments.at(-1)!)
    })
  }

  /** The content as a new file at `path`, on the disk when this resolves. What the content itself throws goes through as it is. */
  async #grow(path: string, address: ObjectAddress, content: AsyncIterable<Uint8Array>): Promise<void> {
    const { O_WRONLY, O_CREAT, O_EXCL } = constants
    const handle = await attempt('written', address, () => open(path, O_WRONLY | O_CREAT | O_EXCL))
    try {
      for await (const bytes of content) await attempt('written', address, () => handle.writeFile(bytes))
      await attempt('written', address, () => handle.sync())
    } finally {
      await handle.close()
    }
  }
}

/** The folders above an object that was removed go with it when nothing else is in them: S3 has no empty folders. */
async function removeEmptyFolders(bucket: Folder, segments: string[]): Promise<void> {
  for (let depth = segments.length - 1; depth > 0; depth--) {
    try {
      await using above = await bucket.descend(segments.slice(0, depth - 1))
      await rmdir(above.at(segments[depth - 1]))
    } catch {
      return // Not empty, or not ours to remove: an empty folder that stays is no object and does no harm.
    }
  }
}

const closing = (handle: FileHandle) => async (error: unknown) => {
  await handle.close()
  throw error
}
