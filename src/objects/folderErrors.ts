/** What stands in the way in a folder store, and what the file system throws, as sentences. */
import { getSystemErrorMessage } from 'node:util'
import { Obstacle } from './folderWalk.ts'
import { type Doing, formatAddress, noSuchObject, type ObjectAddress, ObjectError } from './objectStore.ts'

/** Does one thing with the file system for `address`; what that throws comes out as an ObjectError. */
export async function attempt<T>(doing: Doing, address: ObjectAddress, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw objectError(error, doing, address)
  }
}

export function objectError(error: unknown, doing: Doing, address: ObjectAddress): unknown {
  const path = formatAddress(address)
  if (error instanceof Obstacle) {
    if (error.kind === 'link') {
      const sentence = `${path} could not be ${doing}: '${error.path}' is a symbolic link, which the store does not follow.`
      return new ObjectError('InvalidAddress', sentence)
    }
    if (doing !== 'written' && doing !== 'made') return noSuchObject(address)
    if (error.kind === 'absent') {
      return new ObjectError(
        'Unavailable',
        `${path} could not be ${doing}: the folder '${error.path}' vanished meanwhile.`,
      )
    }
    const sentence = `${path} could not be ${doing}: '${error.path}' is a ${error.kind}, and no file of a folder store can be a folder as well.`
    return new ObjectError('InvalidAddress', sentence)
  }
  const { errno, code = '' } = error as NodeJS.ErrnoException
  if (error instanceof ObjectError || errno === undefined) return error // A sentence already, the reason of an abort, or our own mistake.
  const reason = `${getSystemErrorMessage(errno)} (${code})`
  if (code === 'ENOENT' && doing === 'read') return noSuchObject(address)
  if (code === 'EXDEV') {
    const sentence = `${path} could not be written: the bucket is on another file system than the store, so no file can be moved there whole.`
    return new ObjectError('InvalidAddress', sentence, { cause: error })
  }
  const denied = ['EACCES', 'EPERM', 'EROFS'].includes(code)
  const sentence = denied
    ? `Access to ${path} was denied: it could not be ${doing}, ${reason}.`
    : `${path} could not be ${doing}: ${reason}.`
  return new ObjectError(denied ? 'AccessDenied' : 'Unavailable', sentence, { cause: error })
}
