import assert from 'node:assert/strict'
import { test } from 'node:test'
import { glob } from '../../src/access/glob.ts'
import { ALLOW_ALL, type Decision, decide, parsePolicy } from '../../src/access/policy.ts'
import { seededRandom } from '../../src/lib/random.ts'
import { Refusal } from '../../src/lib/refusal.ts'

const arn = (resource: string, region = 'us-east-1') => `arn:aws:personalize:${region}:000000000000:${resource}`
const policy = (...Statement: object[]) => parsePolicy({ Version: '2012-10-17', Statement })
const allow = (Action: unknown, Resource: unknown = '*') => ({ Effect: 'Allow', Action, Resource })
const deny = (Action: unknown, Resource: unknown = '*') => ({ Effect: 'Deny', Action, Resource })

const decisions: [string, ReturnType<typeof policy>, string, string, Decision][] = [
  ['everything', parsePolicy(ALLOW_ALL), 'personalize:CreateSchema', arn('schema/s'), 'allowed'],
  [
    'nothing said',
    policy(allow('personalize:ListSchemas')),
    'personalize:CreateSchema',
    arn('schema/s'),
    'not allowed',
  ],
  ['a prefix', policy(allow('personalize:Describe*')), 'personalize:DescribeSchema', arn('schema/s'), 'allowed'],
  [
    'a prefix of others',
    policy(allow('personalize:Describe*')),
    'personalize:DeleteSchema',
    arn('schema/s'),
    'not allowed',
  ],
  [
    'any case of an action',
    policy(allow('Personalize:createSCHEMA')),
    'personalize:CreateSchema',
    arn('schema/s'),
    'allowed',
  ],
  [
    'but not of a resource',
    policy(allow('*', arn('schema/S'))),
    'personalize:CreateSchema',
    arn('schema/s'),
    'not allowed',
  ],
  [
    'one of a list',
    policy(allow(['a:B', 'personalize:*'], [arn('x/*'), arn('schema/*')])),
    'personalize:CreateSchema',
    arn('schema/s'),
    'allowed',
  ],
  ['a question mark', policy(allow('*', arn('schema/?'))), 'personalize:CreateSchema', arn('schema/s'), 'allowed'],
  [
    'a question mark for two',
    policy(allow('*', arn('schema/?'))),
    'personalize:CreateSchema',
    arn('schema/ss'),
    'not allowed',
  ],
  [
    'a deny behind an allow',
    policy(allow('*'), deny('personalize:Delete*')),
    'personalize:DeleteSchema',
    arn('schema/s'),
    'denied',
  ],
  [
    'a deny before an allow',
    policy(deny('personalize:Delete*'), allow('*')),
    'personalize:DeleteSchema',
    arn('schema/s'),
    'denied',
  ],
  [
    'a deny of others',
    policy(allow('*'), deny('*', arn('schema/prod-*'))),
    'personalize:DeleteSchema',
    arn('schema/s'),
    'allowed',
  ],
  [
    'NotAction',
    policy({ Effect: 'Allow', NotAction: 'personalize:Delete*', Resource: '*' }),
    'personalize:CreateSchema',
    arn('schema/s'),
    'allowed',
  ],
  [
    'NotAction of it',
    policy({ Effect: 'Allow', NotAction: 'personalize:Delete*', Resource: '*' }),
    'personalize:DeleteSchema',
    arn('schema/s'),
    'not allowed',
  ],
  [
    'NotResource',
    policy({ Effect: 'Allow', Action: '*', NotResource: [arn('schema/*')] }),
    'personalize:DeleteFilter',
    arn('filter/f'),
    'allowed',
  ],
  [
    'NotResource of it',
    policy({ Effect: 'Allow', Action: '*', NotResource: [arn('schema/*')] }),
    'personalize:DeleteSchema',
    arn('schema/s'),
    'not allowed',
  ],
  [
    'any region',
    policy(allow('*', 'arn:aws:personalize:*:000000000000:*')),
    'personalize:CreateSchema',
    arn('schema/s', 'eu-west-1'),
    'allowed',
  ],
  [
    'one statement without a list',
    parsePolicy({ Statement: allow('*') }),
    'personalize:CreateSchema',
    arn('schema/s'),
    'allowed',
  ],
  [
    'the name of a prototype',
    policy(allow('personalize:constructor')),
    'personalize:toString',
    arn('schema/s'),
    'not allowed',
  ],
]
for (const [what, rules, action, resource, decision] of decisions) {
  test(`${what}: ${action} is ${decision}`, () => assert.equal(decide(rules, action, resource), decision))
}

const wrong: [unknown, string][] = [
  [[], 'The policy is not a JSON object.'],
  [{ Statement: [] }, 'The policy has no Statement.'],
  [{}, 'Statement 1 of the policy is not a JSON object.'],
  [
    { Version: '2024-01-01', Statement: [allow('*')] },
    'The policy\'s Version is "2024-01-01": "2012-10-17" was expected.',
  ],
  [{ Statements: [] }, 'The policy has the member "Statements", which is not evaluated here.'],
  [
    { Statement: [{ ...allow('*'), Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }] },
    'Statement 1 of the policy has the member "Condition", which is not evaluated here.',
  ],
  [
    { Statement: [allow('*'), { ...allow('*'), Principal: '*' }] },
    'Statement 2 of the policy has the member "Principal", which is not evaluated here.',
  ],
  [
    { Statement: [{ ...allow('*'), Effect: 'allow' }] },
    'Statement 1 of the policy has the Effect "allow": "Allow" or "Deny" was expected.',
  ],
  [
    { Statement: [{ Effect: 'Allow', Resource: '*' }] },
    'Statement 1 of the policy has no Action or NotAction: one was expected.',
  ],
  [
    { Statement: [{ ...allow('*'), NotAction: '*' }] },
    'Statement 1 of the policy has both Action and NotAction: one was expected.',
  ],
  [
    { Statement: [{ Effect: 'Allow', Action: '*' }] },
    'Statement 1 of the policy has no Resource or NotResource: one was expected.',
  ],
  [{ Statement: [allow([])] }, 'Statement 1 of the policy has an empty Action.'],
  [{ Statement: [allow(['*', 7])] }, 'Statement 1 of the policy has the Action 7: a string was expected.'],
  [
    { Statement: [allow('CreateSchema')] },
    'Statement 1 of the policy has the Action "CreateSchema": \'*\' or something like "personalize:CreateSchema" was expected.',
  ],
  [
    { Statement: [allow('*', 'schema/s')] },
    'Statement 1 of the policy has the Resource "schema/s": \'*\' or an ARN was expected.',
  ],
  [
    { Statement: [allow('*', arn(`schema/\${aws:username}`))] },
    `Statement 1 of the policy has the Resource "${arn(`schema/\${aws:username}`)}": policy variables are not evaluated here.`,
  ],
  [{ Statement: [allow('*', arn('x'.repeat(6_144)))] }, 'The policy is longer than 6144 characters.'],
]
for (const [value, message] of wrong) {
  test(`refused: ${message.slice(0, 90)}`, () => assert.throws(() => parsePolicy(value), new Refusal(message)))
}

/** The same patterns as a regular expression: a plain twin, too slow for what an enemy could write. */
function twin(pattern: string): (text: string) => boolean {
  const parts = [...pattern].map((char, i) => {
    if (char === '?') return '[^:]'
    if (char === '*') return i + 1 === pattern.length || pattern[i + 1] === ':' ? '[^]*' : '[^:]*'
    return char.replace(/[^a-z]/, '\\$&')
  })
  const whole = pattern === '*' ? /^/ : new RegExp(`^${parts.join('')}$`)
  return text => whole.test(text)
}

test('patterns match what a regular expression of theirs does', () => {
  const random = seededRandom(7)
  const word = (alphabet: string, most: number) =>
    Array.from({ length: random.below(most) }, () => alphabet[random.below(alphabet.length)]).join('')
  let matched = 0
  for (let i = 0; i < 20_000; i++) {
    const pattern = word('ab:*?', 8)
    const text = word('ab:', 8)
    assert.equal(glob(pattern)(text), twin(pattern)(text), `${pattern} and ${text}`)
    if (twin(pattern)(text)) matched++
  }
  assert.ok(matched > 1_000)
})

test('a star within a segment stops at its end, one at the end of a segment does not', () => {
  assert.equal(glob('arn:aws:personalize:us-*-1:000000000000:x')('arn:aws:personalize:us-east-1:000000000000:x'), true)
  assert.equal(glob('arn:aws:personalize:us*1:000000000000:x')('arn:aws:personalize:us:1:000000000000:x'), false)
  assert.equal(glob('arn:aws:personalize:*')(arn('schema/s')), true)
  assert.equal(glob('arn:aws:personalize:*:schema/?')(arn('schema/s')), true)
})

test('no pattern makes us think long', () => {
  const matches = glob(`${'a*'.repeat(1_000)}b`)
  const start = performance.now()
  assert.equal(matches('a'.repeat(256)), false)
  assert.ok(performance.now() - start < 1_000)
})
