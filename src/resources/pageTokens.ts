/** Where a list goes on, signed, so that a token of another list, another installation or nobody is told apart. */
import { createHmac } from 'node:crypto'
import { ServiceError } from '../protocol/errors.ts'

const SIGNATURE_BYTES = 12

export class PageTokens {
  readonly #secret: string

  /** A secret of this installation: tokens outlive a restart. */
  constructor(secret: string) {
    this.#secret = secret
  }

  /** `list` says which list, with all that it was asked for. */
  token(position: number, list: string): string {
    return Buffer.concat([this.#signature(position, list), Buffer.from(String(position))]).toString('base64url')
  }

  /** Throws InvalidNextTokenException for a token that was not given out for this list. Without a token: undefined. */
  position(token: string | undefined, list: string): number | undefined {
    if (token === undefined) return undefined
    const position = Number(Buffer.from(token, 'base64url').subarray(SIGNATURE_BYTES).toString('latin1'))
    if (Number.isSafeInteger(position) && this.token(position, list) === token) return position
    throw new ServiceError(
      'InvalidNextTokenException',
      'The nextToken was not given out by this list operation with these parameters.',
    )
  }

  #signature(position: number, list: string): Buffer {
    return createHmac('sha256', this.#secret).update(`${list} ${position}`).digest().subarray(0, SIGNATURE_BYTES)
  }
}
