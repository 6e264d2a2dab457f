/**
 * `sommelier keys create|list|revoke`: who may call a server that runs with `--auth strict`. The one command that works on the data folder
 * and not over the wire: the first key must come from somewhere, and whoever may write that folder may do everything anyway. A running server
 * reads the file again when it changes.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type AccessKey, changeKeyFile, keyFilePath, readKeyFile } from '../access/keyFile.ts'
import { ALLOW_ALL, parsePolicy } from '../access/policy.ts'
import { Refusal } from '../lib/refusal.ts'
import { localCommand, wholeNumber } from './command.ts'
import type { Io } from './io.ts'
import { printable, table } from './text.ts'

const HOURS_MOST = 8_760
const MS_PER_HOUR = 3_600_000
/** Twenty characters in all, as AWS has them; the first four say that it is not one of AWS's. */
const ID_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const ID_LENGTH = 16
/** 240 bits, forty characters in base 64. */
const SECRET_BYTES = 30
const TOKEN_BYTES = 48

type Flags = Record<string, unknown>

export const keys = localCommand({
  usage: 'keys create --user NAME | list | revoke KEY_ID  [options] [--data FOLDER]',
  summary: 'Makes, lists and revokes the access keys of a server with --auth strict.',
  details: [
    'Works on the data folder, whether the server is running or not; a running one knows a new key at once and forgets a revoked one',
    'within a second. The secret is shown when the key is made and never again.',
    '',
    '  --user NAME      create: whose key it is, as refusals name them: arn:aws:iam::ACCOUNT:user/NAME',
    '  --account ID     create: twelve digits, whose resources the key sees (default: SOMMELIER_ACCOUNT, or else 000000000000)',
    '  --policy FILE    create: an IAM policy in JSON; without one the key may do everything in its account',
    `  --hours N        create: a temporary key with a session token (1 to ${HOURS_MOST})`,
    '  --json           create: as `credential_process` of the AWS configuration wants it; list: one JSON object a line, without secrets',
    '  --data FOLDER    the data folder of the server (default: SOMMELIER_DATA, or else data)',
  ],
  flags: {
    user: { type: 'string' },
    account: { type: 'string' },
    policy: { type: 'string' },
    hours: { type: 'string' },
    json: { type: 'boolean' },
    data: { type: 'string' },
  },
  words: [1, 2],
  async run({ words: [action, id], flags }, io) {
    const path = keyFilePath(String(flags.data ?? (io.env.SOMMELIER_DATA || 'data')))
    if (action === 'create' && id === undefined) return create(path, flags, io)
    if (action === 'list' && id === undefined) return list(path, flags, io)
    if (action === 'revoke' && id !== undefined) return revoke(path, id, io)
    throw new Refusal("'create --user NAME', 'list' or 'revoke KEY_ID' was expected; --help says more.")
  },
})

function create(path: string, flags: Flags, io: Io): number {
  const { user, account = io.env.SOMMELIER_ACCOUNT || '000000000000', policy, hours, json } = flags
  if (typeof user !== 'string' || !/^[\w+=,.@-]{1,64}$/.test(user)) {
    throw new Refusal('--user takes a name of 1 to 64 letters, digits and +=,.@_-, and is needed.')
  }
  if (!/^\d{12}$/.test(String(account))) throw new Refusal(`--account takes twelve digits; it was given '${account}'.`)
  const nowMs = io.clock.nowMs()
  const isTemporary = hours !== undefined
  const endMs = nowMs + wholeNumber('hours', hours, { least: 1, most: HOURS_MOST, otherwise: 0 }) * MS_PER_HOUR
  const key: AccessKey = {
    accessKeyId: `${isTemporary ? 'SSIA' : 'SKIA'}${randomId()}`,
    secretAccessKey: randomBytes(SECRET_BYTES).toString('base64'),
    account: String(account),
    user,
    policy: policy === undefined ? ALLOW_ALL : readPolicy(String(policy)),
    createdAt: new Date(nowMs).toISOString(),
    ...(isTemporary && {
      sessionToken: randomBytes(TOKEN_BYTES).toString('base64'),
      expiresAt: new Date(endMs).toISOString(),
    }),
  }
  changeKeyFile(path, before => [...before, key])
  if (json) {
    const { accessKeyId, secretAccessKey, sessionToken, expiresAt } = key
    const shown = { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken }
    io.out.write(`${JSON.stringify({ Version: 1, ...shown, Expiration: expiresAt })}\n`)
    return 0
  }
  // What a shell can evaluate goes to standard output, what a person should know beside it.
  io.out.write(`export AWS_ACCESS_KEY_ID=${key.accessKeyId}\nexport AWS_SECRET_ACCESS_KEY=${key.secretAccessKey}\n`)
  if (key.sessionToken !== undefined) io.out.write(`export AWS_SESSION_TOKEN=${key.sessionToken}\n`)
  const until = key.expiresAt === undefined ? '' : ` It ends at ${key.expiresAt}.`
  io.err.write(
    `A key of ${principal(key)}, ${policy === undefined ? 'who may do everything in that account' : 'by its policy'}.${until} The secret is not shown again.\n`,
  )
  return 0
}

function list(path: string, { json }: Flags, io: Io): number {
  const found = readKeyFile(path)
  if (json) {
    for (const { secretAccessKey: _, sessionToken: __, ...shown } of found) io.out.write(`${JSON.stringify(shown)}\n`)
    return 0
  }
  if (found.length === 0) {
    io.out.write(`There are no keys in ${path}.\n`)
    return 0
  }
  const nowMs = io.clock.nowMs()
  const rows = found.map(key => [
    key.accessKeyId,
    printable(principal(key)),
    key.createdAt.slice(0, 10),
    key.expiresAt === undefined ? '' : `${Date.parse(key.expiresAt) <= nowMs ? 'ended' : 'until'} ${key.expiresAt}`,
  ])
  io.out.write(`${table(['KEY ID', 'USER', 'CREATED', 'ENDS'], rows, new Set()).join('\n')}\n`)
  return 0
}

function revoke(path: string, id: string, io: Io): number {
  changeKeyFile(path, before => {
    const left = before.filter(({ accessKeyId }) => accessKeyId !== id)
    if (left.length === before.length) throw new Refusal(`There is no key '${id}' in ${path}.`)
    return left
  })
  io.out.write(`${id} is revoked: within a second no server of this folder takes it any more.\n`)
  return 0
}

const principal = ({ account, user }: AccessKey): string => `arn:aws:iam::${account}:user/${user}`

const randomId = (): string => Array.from(randomBytes(ID_LENGTH), byte => ID_CHARACTERS[byte & 31]).join('')

function readPolicy(path: string): unknown {
  let policy: unknown
  try {
    policy = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new Refusal(`The policy '${path}' cannot be read: ${(error as Error).message}.`)
  }
  parsePolicy(policy)
  return policy
}
