/** Resources that are nothing but their record: they are ACTIVE as soon as the engine gets to them. */
import { workKind } from './workKind.ts'

export const makeReady = workKind<unknown, unknown, undefined, undefined>({ name: 'makeReady' })
