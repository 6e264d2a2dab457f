/**
 * Work that cannot be done for a reason its owner can understand and mend. The message is a whole sentence and reaches them as it is:
 * as a job's `failureReason`, in a record's `error`, on the command line. Everything else that is thrown is our own fault.
 */
export class Refusal extends Error {
  override name = 'Refusal'
}
