/** Which kind of resource an ARN can be that of, by its form alone: so that who gives the ARN of something else is told, whether it exists or not. */
import { resourceOfArn } from './arn.ts'
import { type ResourceType, types } from './types.ts'

type Kind = Pick<ResourceType<unknown, unknown>, 'type' | 'arnForm'>

/** What the service owns. */
const owned: readonly Kind[] = [{ type: 'recipe' }, { type: 'algorithm' }, { type: 'feature-transformation' }]

const formOf = ({ type, arnForm = `${type}/NAME` }: Kind): string => arnForm

export const arnWord = (kind: Kind): string => formOf(kind).split('/')[0]

function fits(kind: Kind, arn: string): boolean {
  const [word, ...parts] = resourceOfArn(arn).split('/')
  return word === arnWord(kind) && parts.length === formOf(kind).split('/').length - 1
}

/** A sentence about it; undefined when the ARN has the form of its kind. */
export function otherKind(wanted: Kind, arn: string): string | undefined {
  if (fits(wanted, arn)) return undefined
  const found = [...types, ...owned].find(kind => fits(kind, arn))
  const is = found === undefined ? 'of no kind of resource' : `that of ${called(found)}`
  return `It is ${is}: that of ${called(wanted)} was expected, ${formOf(wanted)}.`
}

function called({ type }: Kind): string {
  const words = type.replaceAll('-', ' ')
  return `${/^[aeiou]/.test(words) ? 'an' : 'a'} ${words}`
}
