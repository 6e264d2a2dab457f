/**
 * Walking down folders without following a symbolic link. Each step opens one name in a folder that is already open, refusing links
 * (openat with O_NOFOLLOW), so nothing that is swapped meanwhile can lead outside. Node has no openat; Linux has the same thing as a
 * path, `/proc/self/fd/<folder>/<name>`. Elsewhere the step goes by its path, and only what happens between two steps is not seen.
 */
import { type BigIntStats, constants, existsSync, type Stats } from 'node:fs'
import { type FileHandle, lstat, mkdir, open, opendir } from 'node:fs/promises'
import { join } from 'node:path'
import { ObjectError } from './objectStore.ts'

const HANDLES_ARE_PATHS = existsSync('/proc/self/fd')
/** Windows opens no folder as a file and has no such flags; there each step is checked by lstat alone. */
const WINDOWS = process.platform === 'win32'
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0

/** Names of one folder that are held while they are sorted: about 100 MB. Above it, listing is refused. */
const FOLDER_ENTRY_COUNT_MAX = 1_000_000

export type ObstacleKind = 'absent' | 'link' | 'file' | 'folder'

/** What stands where a file or a folder was expected. */
export class Obstacle extends Error {
  override name = 'Obstacle'
  readonly kind: ObstacleKind
  readonly path: string
  constructor(kind: ObstacleKind, path: string) {
    super(`${path}: ${kind}`)
    this.kind = kind
    this.path = path
  }
}

/** An open folder. Dispose of it with `await using`. */
export class Folder implements AsyncDisposable {
  /** For people; system calls go through `at`. */
  readonly path: string
  readonly #handle: FileHandle | undefined

  private constructor(path: string, handle: FileHandle | undefined) {
    this.path = path
    this.#handle = handle
  }

  static open(path: string): Promise<Folder> {
    return Folder.#enter(path, path)
  }

  /** The path by which system calls reach `name` in this very folder, even if it was moved since. */
  at(name: string): string {
    return HANDLES_ARE_PATHS && this.#handle ? `/proc/self/fd/${this.#handle.fd}/${name}` : join(this.path, name)
  }

  /** One step down. Throws Obstacle. */
  enter(name: string): Promise<Folder> {
    return Folder.#enter(this.at(name), join(this.path, name))
  }

  /** One step down into a folder that is made, durably, where it is absent. Throws Obstacle. */
  async enterOrMake(name: string): Promise<Folder> {
    const made = await mkdir(this.at(name)).then(
      () => true,
      error => {
        if (errorCode(error) === 'EEXIST') return false
        throw error
      },
    )
    if (made) await this.sync()
    return this.enter(name)
  }

  /** Many steps down. Throws Obstacle, naming the first thing in the way. */
  async descend(names: readonly string[], step: 'enter' | 'enterOrMake' = 'enter'): Promise<Folder> {
    let folder = await Folder.#enter(this.at('.'), this.path)
    for (const name of names) {
      await using above = folder
      folder = await above[step](name)
    }
    return folder
  }

  /**
   * The file of that name, open for reading. Throws Obstacle; of kind 'file' for what is neither file nor folder (a pipe, a device).
   */
  async openFile(name: string): Promise<FileHandle> {
    // The look before the leap: opening a device may do something. O_NONBLOCK, because opening a pipe waits for its writer.
    await this.statFile(name)
    const handle = await open(this.at(name), constants.O_RDONLY | NO_FOLLOW | (constants.O_NONBLOCK ?? 0))
    if ((await handle.stat()).isFile()) return handle
    await handle.close()
    throw new Obstacle('file', join(this.path, name))
  }

  /** The size and identity of the file of that name. Throws Obstacle as `openFile` does. */
  async statFile(name: string) {
    const path = join(this.path, name)
    const found = await lstat(this.at(name), { bigint: true }).catch(error => {
      throw errorCode(error) === 'ENOENT' ? new Obstacle('absent', path) : error
    })
    if (found.isFile()) return found
    throw obstacle(found, path)
  }

  /** Names of files and folders here that begin with `nameStart`, folders with a '/' at the end, in no order. */
  async names(nameStart: string): Promise<string[]> {
    const names: string[] = []
    for await (const entry of await opendir(this.at('.'))) {
      if (!entry.name.startsWith(nameStart) || !(entry.isFile() || entry.isDirectory())) continue
      if (names.push(entry.isDirectory() ? `${entry.name}/` : entry.name) > FOLDER_ENTRY_COUNT_MAX) {
        throw new ObjectError(
          'Unavailable',
          `${this.path} holds more than ${FOLDER_ENTRY_COUNT_MAX} files and cannot be listed: spread them over folders.`,
        )
      }
    }
    return names
  }

  /** Makes what was created, renamed or removed here survive a power cut. */
  async sync(): Promise<void> {
    await this.#handle?.sync()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle?.close()
  }

  static async #enter(address: string, path: string): Promise<Folder> {
    try {
      if (!WINDOWS) return new Folder(path, await open(address, constants.O_RDONLY | constants.O_DIRECTORY | NO_FOLLOW))
    } catch (error) {
      if (!['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errorCode(error))) throw error
    }
    // Reached where the folder could not be opened, to say why (Linux calls a link here ENOTDIR), and on Windows.
    const found = await lstat(address).catch(error => {
      throw errorCode(error) === 'ENOENT' ? new Obstacle('absent', path) : error
    })
    if (found.isSymbolicLink()) throw new Obstacle('link', path)
    if (!found.isDirectory()) throw new Obstacle('file', path)
    if (!WINDOWS) throw new Obstacle('absent', path) // Made since: it was not there when it was looked for.
    return new Folder(path, undefined)
  }
}

export const obstacle = (found: Stats | BigIntStats, path: string): Obstacle =>
  new Obstacle(found.isSymbolicLink() ? 'link' : found.isDirectory() ? 'folder' : 'file', path)

/** The name of a system error ('ENOENT'), or '' for any other. */
export const errorCode = (error: unknown): string => (error as NodeJS.ErrnoException | undefined)?.code ?? ''
