/**
 * The operations that every noun has alike: create one, describe it, list a page of them, ask for the end of one. What is particular to a
 * noun, its members, what it needs, what its list is narrowed to, what still uses it, is said in the noun's own file.
 */
import { assert } from '../lib/assert.ts'
import type { ErrorName } from '../protocol/errors.ts'
import {
  list,
  type Optional,
  optional,
  type Shape,
  type StructureType,
  structure,
  type TypeOf,
} from '../protocol/shape.ts'
import { type Resource, type Resources, shown } from '../resources/resources.ts'
import type { ResourceType } from '../resources/types.ts'
import { operation } from './operation.ts'
import { Arn, NextToken, page, Tags } from './shapes.ts'

type Members = Record<string, Shape<unknown> | Optional<unknown>>

/** As the interface model bounds every list of resources. */
const LIST_LENGTH_MAX = 100

interface Creating<M extends Members, B, H> {
  /** Without `tags`, which every type takes that can carry them. */
  readonly input: M
  /** Where they are not those of most. */
  readonly errors?: readonly ErrorName[]
  readonly differences?: string
  /** Refuses what cannot be made, and says what is to be recorded. `path` is the ARN's part after the type's word; the name by default. */
  make(
    input: StructureType<M>,
    resources: Resources,
  ): Promise<{ readonly path?: string; readonly parent?: string; readonly body: B; readonly hidden: H }>
}

/** `CreateCampaign` answers `{ campaignArn }`: the record is there, and its work in the queue. */
export function creating<B extends object, H, M extends Members>(
  name: `Create${string}`,
  type: ResourceType<B, H>,
  { input, errors, differences, make }: Creating<M, B, H>,
) {
  const usual: ErrorName[] = [
    'InvalidInputException',
    'ResourceNotFoundException',
    'ResourceAlreadyExistsException',
    'LimitExceededException',
    'ResourceInUseException',
  ]
  if (type.taggable) usual.push('TooManyTagsException')
  return operation({
    name,
    input: structure({ ...input, ...(type.taggable && { tags: optional(Tags) }) }) as Shape<StructureType<M> & Given>,
    output: structure({ [type.arnMember]: optional(Arn) }),
    errors: errors ?? usual,
    ...(differences !== undefined && { differences }),
    async handle({ tags, ...given }, { resources }) {
      const asked = given as Given & StructureType<M>
      const called = asked.name ?? asked.jobName
      assert(called !== undefined)
      const made = await make(asked, resources)
      return { [type.arnMember]: await resources.create(type, { path: called, name: called, tags, ...made }) }
    },
  })
}

/** Every noun has a name, every job a jobName. */
interface Given {
  readonly name?: string
  readonly jobName?: string
  readonly tags?: TypeOf<typeof Tags>
}

interface Describing<B, H> {
  /** Adds what the record itself does not tell. */
  readonly show?: (found: Resource<B, H>, resources: Resources) => Promise<object>
  readonly differences?: string
}

/** `DescribeCampaign` takes `campaignArn` and answers `{ campaign }`. */
export function describing<B extends object, H>(
  name: `Describe${string}`,
  type: ResourceType<B, H>,
  members: Members,
  { show, differences }: Describing<B, H> = {},
) {
  const member = memberOf(name, 'Describe')
  return operation({
    name,
    input: structure({ [type.arnMember]: Arn }),
    output: structure({ [member]: optional(structure(members)) }),
    errors: ['InvalidInputException', 'ResourceNotFoundException'],
    ...(differences !== undefined && { differences }),
    async handle(input, { resources }) {
      const found = await resources.get(type, input[type.arnMember])
      return { [member]: { ...shown(type, found), ...(await show?.(found, resources)) } }
    },
  })
}

interface Listing {
  /** The member of the request that names the parent whose children are listed; without it all of the account are. */
  readonly within?: string
  /** The parent's type, where one that does not exist is refused. */
  readonly parent?: ResourceType<unknown, unknown>
  /** The member of the answer, where it is not the operation's own word. */
  readonly member?: string
}

/** `ListCampaigns` answers `{ campaigns, nextToken }`, newest first. */
export function listing<B extends object, H>(
  name: `List${string}`,
  type: ResourceType<B, H>,
  summary: Members,
  { within, parent, member = memberOf(name, 'List') }: Listing = {},
) {
  return operation({
    name,
    input: structure({ ...(within !== undefined && { [within]: optional(Arn) }), ...page }),
    output: structure({
      [member]: optional(list(structure(summary), { max: LIST_LENGTH_MAX })),
      nextToken: optional(NextToken),
    }),
    errors: [
      ...(within === undefined ? [] : (['InvalidInputException'] as const)),
      ...(parent === undefined ? [] : (['ResourceNotFoundException'] as const)),
      'InvalidNextTokenException',
    ],
    async handle({ nextToken, maxResults, ...input }, { resources }) {
      const of = within === undefined ? undefined : (input as Record<string, string | undefined>)[within]
      if (parent && of !== undefined) await resources.get(parent, of)
      const found = await resources.list(type, { nextToken, maxResults, parent: of })
      return { [member]: found.resources.map(each => shown(type, each)), nextToken: found.nextToken }
    },
  })
}

/** `DeleteCampaign`: an empty body. `check` throws while something still needs it; its status is checked in any case. */
export function deleting<B extends object, H>(
  name: `Delete${string}`,
  type: ResourceType<B, H>,
  check?: (found: Resource<B, H>, resources: Resources) => Promise<void>,
) {
  return operation({
    name,
    input: structure({ [type.arnMember]: Arn }),
    output: undefined,
    errors: ['InvalidInputException', 'ResourceNotFoundException', 'ResourceInUseException'],
    async handle(input, { resources }) {
      const found = await resources.get(type, input[type.arnMember])
      await check?.(found, resources)
      await resources.requestDelete(type, found)
      return undefined
    },
  })
}

function memberOf(name: string, verb: string): string {
  const noun = name.slice(verb.length)
  return noun[0].toLowerCase() + noun.slice(1)
}
