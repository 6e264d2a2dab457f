/** Which of the three modes a server runs in, so that nobody opens one to others by mistake. */
import { isIPv4 } from 'node:net'
import { Refusal } from '../lib/refusal.ts'
import type { OwnKey } from './keyring.ts'
import { ALLOW_ALL } from './policy.ts'

const authModes = ['off', 'lenient', 'strict'] as const
export type AuthMode = (typeof authModes)[number]

/** Whether a socket at this address can be reached from this machine alone. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))

/** `auth` is empty where nobody has chosen: strict wherever others can reach the server, unless that was allowed. Throws Refusal. */
export function authMode(given: { auth: string; host: string; allowUnauthenticated: boolean }): AuthMode {
  const { auth, host, allowUnauthenticated } = given
  const open = allowUnauthenticated || isLoopback(host)
  const mode = authModes.find(each => each === (auth || (open ? 'off' : 'strict')))
  if (!mode) throw new Refusal(`--auth (SOMMELIER_AUTH) was '${auth}': one of ${authModes.join(', ')} was expected.`)
  if (mode !== 'strict' && !open) {
    throw new Refusal(
      `--auth (SOMMELIER_AUTH) was '${auth}' and --host '${host}', which others can reach: 'strict' was expected, or --allow-unauthenticated, so that nobody opens a server by mistake.`,
    )
  }
  return mode
}

/** The key of the environment, where there is one: it may do everything in the server's own account. Throws Refusal. */
export function ownKeyIn(environment: NodeJS.ProcessEnv, account: string): OwnKey | undefined {
  const { SOMMELIER_ACCESS_KEY_ID: accessKeyId = '', SOMMELIER_SECRET_ACCESS_KEY: secretAccessKey = '' } = environment
  if (accessKeyId === '' && secretAccessKey === '') return undefined
  if (!/^\w{16,128}$/.test(accessKeyId) || !/^[\x21-\x7e]{16,128}$/.test(secretAccessKey)) {
    throw new Refusal(
      'SOMMELIER_ACCESS_KEY_ID and SOMMELIER_SECRET_ACCESS_KEY go together: 16 to 128 letters, digits and underscores for the one, 16 to 128 visible characters of ASCII for the other.',
    )
  }
  return { accessKeyId, secretAccessKey, account, user: 'environment', policy: ALLOW_ALL }
}
