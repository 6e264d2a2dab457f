/** Why a job that reads CSV failed, in the reference's words and ours. Source: spec/datasets-schemas.md §8. */
import { Refusal } from '../lib/refusal.ts'
import { ObjectError } from '../objects/objectStore.ts'

/** `beginning` says which job. A store that is out of reach for now stays apart from a fault of the data: only the latter is the end of it, the former is tried again. */
export function asFailureReason(beginning: string, error: Refusal): Refusal {
  if (!(error instanceof ObjectError)) return new Refusal(`${beginning} ${error.message}`)
  if (error.code === 'Unavailable') return new ObjectError(error.code, `${beginning} ${error.message}`)
  const known =
    error.code === 'AccessDenied'
      ? 'Insufficient privileges for accessing data in Amazon S3.'
      : 'Invalid Data location.'
  return new Refusal(`${beginning} ${known} ${error.message}`)
}
