/**
 * What a request is about, as policies name it: the ARNs in its input, by the declared shape, and for a Create operation the ARN that will
 * be made. All of them must be allowed. The reference asks for the made ARN alone there; who may not see a dataset group shall not train on
 * it either (docs/decisions/0014-who-may-call.md).
 */
import type { AnyOperation } from '../protocol/operation.ts'
import type { Shape } from '../protocol/shape.ts'
import { formatArn, resourceOfArn, type Scope } from '../resources/arn.ts'
import type { ApiContext } from './operation.ts'

export interface Subjects {
  readonly resources: readonly string[]
  readonly roles: readonly string[]
}

type Members = Readonly<Record<string, unknown>>

export function subjectsOf(operation: AnyOperation<ApiContext>, input: unknown, scope: Scope): Subjects {
  const arns = new Set<string>()
  collect(operation.input, input, arns)
  const roles = [...arns].filter(arn => serviceOf(arn) === 'iam')
  const given = [...arns].filter(arn => serviceOf(arn) === 'personalize')
  // What the service owns, recipes above all, has no account in its ARN and is everybody's to use; describing it is asking for it.
  const owned = given.filter(arn => arn.split(':')[4] !== '')
  const made = madeBy(operation.name, input as Members, scope)
  const resources = made === undefined ? owned : [...owned, made]
  if (resources.length > 0) return { resources, roles }
  return { resources: given.length > 0 ? given : [formatArn(scope, '*')], roles }
}

const serviceOf = (arn: string): string => arn.split(':')[2]

/** Every value of a member called …Arn, in structures and lists; what stands in a map is a caller's own words. */
function collect(shape: Shape<unknown>, value: unknown, arns: Set<string>): void {
  if (value === undefined) return
  const { members, member } = shape.facts
  if (members) {
    for (const [name, { shape: of }] of Object.entries(members)) {
      const each = (value as Members)[name]
      if (typeof each === 'string' && name.endsWith('Arn')) arns.add(each)
      else collect(of, each, arns)
    }
  } else if (member && Array.isArray(value)) for (const each of value) collect(member, each, arns)
}

/** CreateDatasetImportJob makes dataset-import-job/NAME. Three are named in another way. */
function madeBy(operation: string, input: Members, scope: Scope): string | undefined {
  if (!operation.startsWith('Create')) return undefined
  const word = operation
    .slice('Create'.length)
    .replace(/(?<!^)[A-Z]/g, '-$&')
    .toLowerCase()
  const name = input.name ?? input.jobName
  switch (word) {
    // solution/NAME/ID: the solution is in the input.
    case 'solution-version':
      return undefined
    case 'dataset': {
      const [, group] = resourceOfArn(String(input.datasetGroupArn)).split('/')
      return formatArn(scope, `dataset/${group}/${String(input.datasetType).toUpperCase()}`)
    }
    // event-tracker/ID, and nobody knows the id beforehand.
    case 'event-tracker':
      return formatArn(scope, 'event-tracker/*')
    default:
      return formatArn(scope, `${word}/${name}`)
  }
}
