/** The two refusals that handlers make most: the request is wrong, or it is not its time. Whole sentences. */
import { ServiceError } from '../protocol/errors.ts'

export function refuse(message: string): never {
  throw new ServiceError('InvalidInputException', message)
}

export function refuseNow(message: string): never {
  throw new ServiceError('ResourceInUseException', message)
}
