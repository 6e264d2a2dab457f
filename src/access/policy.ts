/**
 * IAM policies as far as an identity's policy needs them: statements that allow or deny actions on resources. An explicit deny wins; what
 * no statement allows is not allowed. What we do not evaluate (Condition, policy variables, Principal) is refused when the policy is read:
 * a condition that is passed over would open what it was to close.
 *
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html and reference_policies_evaluation-logic.html
 */
import { Refusal } from '../lib/refusal.ts'
import { type Glob, glob } from './glob.ts'

export interface Policy {
  readonly statements: readonly Statement[]
}

interface Statement {
  readonly allows: boolean
  matchesAction(action: string): boolean
  matchesResource(arn: string): boolean
}

export type Decision = 'allowed' | 'denied' | 'not allowed'

/** The largest of AWS's own limits, that of a managed policy; white space counts here. */
const POLICY_CHARACTERS_MAX = 6_144

export const ALLOW_ALL = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
} as const

export function decide({ statements }: Policy, action: string, arn: string): Decision {
  let decision: Decision = 'not allowed'
  for (const { allows, matchesAction, matchesResource } of statements) {
    if (!matchesAction(action) || !matchesResource(arn)) continue
    if (!allows) return 'denied'
    decision = 'allowed'
  }
  return decision
}

/** From the JSON value of a policy. Throws Refusal, with a sentence that names the place. */
export function parsePolicy(value: unknown): Policy {
  if (JSON.stringify(value).length > POLICY_CHARACTERS_MAX) {
    throw new Refusal(`The policy is longer than ${POLICY_CHARACTERS_MAX} characters.`)
  }
  const { Version, Statement, Id, ...more } = membersOf(value, 'The policy')
  refuseOthers(more, 'The policy')
  if (Id !== undefined && typeof Id !== 'string') throw new Refusal("The policy's Id is not a string.")
  if (Version !== undefined && Version !== '2012-10-17' && Version !== '2008-10-17') {
    throw new Refusal(`The policy's Version is ${shown(Version)}: "2012-10-17" was expected.`)
  }
  const statements = Array.isArray(Statement) ? Statement : [Statement]
  if (statements.length === 0) throw new Refusal('The policy has no Statement.')
  return { statements: statements.map((each, i) => parseStatement(each, `Statement ${i + 1} of the policy`)) }
}

function parseStatement(value: unknown, at: string): Statement {
  const { Sid, Effect, Action, NotAction, Resource, NotResource, ...more } = membersOf(value, at)
  refuseOthers(more, at)
  if (Sid !== undefined && typeof Sid !== 'string') throw new Refusal(`${at} has a Sid that is not a string.`)
  if (Effect !== 'Allow' && Effect !== 'Deny') {
    throw new Refusal(`${at} has the Effect ${shown(Effect)}: "Allow" or "Deny" was expected.`)
  }
  const actions = oneOf(at, { Action, NotAction }, checkAction)
  const resources = oneOf(at, { Resource, NotResource }, checkResource)
  // Names of actions do not mind case; names of resources do.
  const actionGlobs = actions.texts.map(text => glob(text.toLowerCase()))
  const resourceGlobs = resources.texts.map(glob)
  return {
    allows: Effect === 'Allow',
    matchesAction: action => some(actionGlobs, action.toLowerCase()) !== actions.not,
    matchesResource: arn => some(resourceGlobs, arn) !== resources.not,
  }
}

const some = (globs: readonly Glob[], text: string): boolean => globs.some(matches => matches(text))

/** The texts under `Name` or under `NotName`, exactly one of which is there. */
function oneOf(
  at: string,
  given: Record<string, unknown>,
  check: (text: string, at: string) => void,
): { texts: string[]; not: boolean } {
  const present = Object.entries(given).filter(([, value]) => value !== undefined)
  if (present.length !== 1) {
    const names = Object.keys(given)
    const has = present.length === 0 ? `no ${names.join(' or ')}` : `both ${names.join(' and ')}`
    throw new Refusal(`${at} has ${has}: one was expected.`)
  }
  const [name, value] = present[0]
  const texts = Array.isArray(value) ? value : [value]
  if (texts.length === 0) throw new Refusal(`${at} has an empty ${name}.`)
  for (const text of texts) {
    if (typeof text !== 'string') throw new Refusal(`${at} has the ${name} ${shown(text)}: a string was expected.`)
    if (text.includes('${')) {
      throw new Refusal(`${at} has the ${name} ${shown(text)}: policy variables are not evaluated here.`)
    }
    check(text, `${at} has the ${name} ${shown(text)}`)
  }
  return { texts, not: name.startsWith('Not') }
}

function checkAction(text: string, at: string): void {
  if (text !== '*' && !/^[a-z0-9*?-]+:[A-Za-z*?]+$/i.test(text)) {
    throw new Refusal(`${at}: '*' or something like "personalize:CreateSchema" was expected.`)
  }
}

function checkResource(text: string, at: string): void {
  if (text !== '*' && !/^arn:[^:]+:[^:]+:[^:]*:[^:]*:.+$/.test(text)) {
    throw new Refusal(`${at}: '*' or an ARN was expected.`)
  }
}

function membersOf(value: unknown, at: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Refusal(`${at} is not a JSON object.`)
  }
  return value as Record<string, unknown>
}

function refuseOthers(more: Record<string, unknown>, at: string): void {
  const [name] = Object.keys(more)
  if (name !== undefined) throw new Refusal(`${at} has the member ${shown(name)}, which is not evaluated here.`)
}

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'undefined').slice(0, 200)
