/**
 * The access keys of a server: `<data>/keys.json`, written by `sommelier keys`, read by the server.
 *
 *   {"version": 1, "keys": [{"accessKeyId", "secretAccessKey", "account", "user", "policy", "createdAt", "sessionToken"?, "expiresAt"?}]}
 *
 * A signature can be checked only with the secret itself, so the secret is in the file, and the file is its owner's alone: one that others
 * may read is not read at all. It is replaced whole. `keys.json.new` is the next version while it is written, and the lock: who finds it
 * there does not write.
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { Refusal } from '../lib/refusal.ts'
import { parsePolicy } from './policy.ts'

export interface AccessKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Of its resources: twelve digits. */
  readonly account: string
  /** Whose it is: `arn:aws:iam::ACCOUNT:user/USER`. */
  readonly user: string
  /** The policy's JSON, checked. */
  readonly policy: unknown
  readonly createdAt: string
  /** Of temporary keys: must come with every request. */
  readonly sessionToken?: string
  /** Of temporary keys: when they end. */
  readonly expiresAt?: string
}

/** All of them are held in memory and the file is read in one go. */
const KEYS_MAX = 1_000
/** A thousand keys with the longest policies. */
const FILE_BYTES_MAX = 16 * 1024 * 1024
const FILE_MODE = 0o600
/** Rights of the group and of everybody. */
const OTHERS_MODE = 0o077

const patterns: Record<string, { pattern: RegExp; optional?: true }> = {
  accessKeyId: { pattern: /^\w{16,128}$/ },
  secretAccessKey: { pattern: /^[\x21-\x7e]{16,128}$/ },
  account: { pattern: /^\d{12}$/ },
  user: { pattern: /^[\w+=,.@-]{1,64}$/ },
  createdAt: { pattern: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/ },
  sessionToken: { pattern: /^[\x21-\x7e]{16,4096}$/, optional: true },
  expiresAt: { pattern: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/, optional: true },
}

export const keyFilePath = (dataFolder: string): string => join(dataFolder, 'keys.json')

/** Which version of the file is there; undefined: none. */
export function keyFileVersion(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false })
  return found && `${found.ino} ${found.size} ${found.mtimeMs} ${found.mode}`
}

/** An absent file holds no keys. Throws Refusal for one that cannot be trusted or understood. */
export function readKeyFile(path: string): AccessKey[] {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found) return []
  // Windows has no such bits; who may read a file there is said by its folder.
  if (process.platform !== 'win32' && (found.mode & OTHERS_MODE) !== 0) {
    const mode = (found.mode & 0o777).toString(8).padStart(4, '0')
    throw new Refusal(
      `The key file '${path}' has the mode ${mode}, so that others may read or change it: 0600 was expected (chmod 600).`,
    )
  }
  if (!found.isFile() || found.size > FILE_BYTES_MAX) {
    throw new Refusal(`The key file '${path}' is not a file of at most ${FILE_BYTES_MAX} bytes.`)
  }
  let value: unknown
  try {
    value = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    // Not the parser's own words: they quote what they stumbled over.
    throw new Refusal(
      `The key file '${path}' cannot be read: ${error instanceof SyntaxError ? 'it is not JSON' : (error as Error).message}.`,
    )
  }
  return checkedKeys(value, path)
}

/** Reads, changes and replaces the file; nobody else does so meanwhile. Throws Refusal. */
export function changeKeyFile(path: string, change: (keys: AccessKey[]) => AccessKey[]): void {
  mkdirSync(dirname(path), { recursive: true })
  const next = `${path}.new`
  let file: number
  try {
    file = openSync(next, 'wx', FILE_MODE)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw new Refusal(`The key file cannot be written: ${(error as Error).message}.`)
    }
    throw new Refusal(
      `'${next}' is there: another 'sommelier keys' is at work, or was ended in the middle. Remove it in that case.`,
    )
  }
  try {
    const keys = change(readKeyFile(path))
    if (keys.length > KEYS_MAX) throw new Refusal(`There are ${KEYS_MAX} keys already: revoke one first.`)
    writeFileSync(file, `${JSON.stringify({ version: 1, keys }, undefined, 2)}\n`)
    fsyncSync(file)
    renameSync(next, path)
  } catch (error) {
    rmSync(next)
    throw error
  } finally {
    closeSync(file)
  }
}

function checkedKeys(value: unknown, path: string): AccessKey[] {
  const { version, keys } = (value ?? {}) as { version?: unknown; keys?: unknown }
  if (version !== 1 || !Array.isArray(keys) || keys.length > KEYS_MAX) {
    throw new Refusal(`The key file '${path}' is not {"version": 1, "keys": […]} with at most ${KEYS_MAX} keys.`)
  }
  const ids = new Set<string>()
  return keys.map((key, i) => {
    const at = `Key ${i + 1} in the key file '${path}'`
    const given = (key ?? {}) as Record<string, unknown>
    for (const [name, { pattern, optional }] of Object.entries(patterns)) {
      const member = given[name]
      if (member === undefined && optional) continue
      if (typeof member !== 'string' || !pattern.test(member)) throw new Refusal(`${at} has no good ${name}.`)
    }
    if ((given.sessionToken === undefined) !== (given.expiresAt === undefined)) {
      throw new Refusal(`${at} has only one of sessionToken and expiresAt.`)
    }
    if (ids.has(given.accessKeyId as string)) throw new Refusal(`${at} has the id of another.`)
    ids.add(given.accessKeyId as string)
    try {
      parsePolicy(given.policy ?? {})
    } catch (error) {
      if (error instanceof Refusal) throw new Refusal(`${at}: ${error.message}`)
      throw error
    }
    return given as unknown as AccessKey
  })
}
