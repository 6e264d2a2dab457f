/**
 * Writes the pages of docs/reference/ that are tables of what the code declares, and the pictures that are drawn from bench/results. With --check
 * it writes nothing and fails when one is not what it would write.
 */
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { drawings } from '../bench/pages/drawings.ts'
import { services } from '../src/api/index.ts'
import type { AnyOperation } from '../src/protocol/operation.ts'
import type { Member, Shape } from '../src/protocol/shape.ts'
import { isUnderWay } from '../src/resources/lifecycle.ts'
import { defaultLimits, type Limit, limits } from '../src/resources/limits.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const NOTE = '<!-- Written by `npm run docs` from what the code declares. Do not edit. -->'

/** Named values with a reason above them: `/** why *\/ const NAME = value`. */
const NAMED =
  /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n(?:export )?const ([A-Z][A-Z0-9_]*(?:_MAX|_MIN|_MS|_SECONDS|_BYTES|_DEFAULT|_KEPT|_CHARACTERS|_LENGTH)) = ([^\n]+)\n/g

const pages: Record<string, string> = {
  'docs/reference/operations.md': operationsPage(),
  'docs/reference/limits.md': limitsPage(),
  ...drawings(),
}

let stale = false
for (const [path, text] of Object.entries(pages)) {
  const file = join(root, path)
  if (!process.argv.includes('--check')) {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  } else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
    process.stderr.write(`${path} is stale: npm run docs\n`)
    stale = true
  }
}
process.exitCode = stale ? 1 : 0

function operationsPage(): string {
  const sections = services.map(({ targetPrefix, operations }, i) => {
    const sorted = [...operations].sort((a, b) => (a.name < b.name ? -1 : 1))
    return `## ${targetPrefix}\n\n${sorted.map(each => operationSection(each, i === 0)).join('\n')}`
  })
  const count = services[0].operations.length
  return `${NOTE}
# Operations

Every operation there is: ${count} of the control plane, and those of our own. State: 'complete' means that it takes, checks, answers and
refuses what the reference service does, but for the differences it names. A member in bold is required; constraints are those of the interface model.

What differs everywhere:

- Sentences of refusals that the reference does not document are ours: they say which member it was, what it was and what was expected.
- [Quotas](limits.md) are the reference's, and the operator may change each and switch it off.
- Times are those of the work itself: seconds where the reference takes minutes, or hours.
- A roleArn is assumed only with \`--assume-roles\` and an S3 as the store; a policy that allows passing it is asked for in any case.
- A policy has to allow every resource that a request names, not only the one that it makes; tags given with a Create operation need no action of their own.

${sections.join('\n')}`
}

function operationSection(operation: AnyOperation<never>, reference: boolean): string {
  const rows = membersOf(operation.input).map(
    ([name, member]) => `| ${member.required ? `**${name}**` : name} | ${constraints(member.shape)} |`,
  )
  const table = rows.length > 0 ? `\n| input | |\n| --- | --- |\n${rows.join('\n')}\n` : ''
  const answer = operation.output ? membersOf(operation.output).map(([name]) => `\`${name}\``) : ['an empty body']
  return `### ${operation.name}
${table}
Answers ${answer.join(', ')}. Errors: ${operation.errors.join(', ')}.
${reference ? `\nState: complete. Differences from the reference service: ${operation.differences ?? 'none known.'}\n` : ''}`
}

function membersOf(shape: Shape<unknown>): [string, Member<unknown>][] {
  return Object.entries(shape.facts.members ?? {})
}

/** `string, 1 to 63 characters, ^[a-z]*`: what a value must be, in a line. */
function constraints(shape: Shape<unknown>): string {
  const { min, max, pattern, enum: values, members, member } = shape.facts
  if (values) return values.map(value => `\`${value}\``).join(' or ')
  const unit = shape.type === 'string' ? ' characters' : shape.type === 'list' || shape.type === 'map' ? ' entries' : ''
  const range =
    min !== undefined && max !== undefined
      ? `, ${min} to ${max}${unit}`
      : max !== undefined
        ? `, at most ${max}${unit}`
        : min !== undefined
          ? `, at least ${min}${unit}`
          : ''
  const inner = members
    ? ` of ${membersOf(shape)
        .map(([name]) => name)
        .join(', ')}`
    : member
      ? ` of ${constraints(member)}`
      : ''
  const text = pattern === undefined ? '' : `, \`${pattern.replaceAll('|', '\\|')}\``
  return `${shape.type}${inner}${range}${text}`
}

function limitsPage(): string {
  const rows = globSync('src/**/*.ts', { cwd: root })
    .sort()
    .flatMap(path =>
      [...readFileSync(join(root, path), 'utf8').matchAll(NAMED)].map(([, reason, name, value]) => {
        const text = reason.replace(/\s*\n\s*\* ?/g, ' ').trim()
        return `| \`${name}\` | \`${value.trim()}\` | ${text.replaceAll('|', '\\|')} | ${path.replace('src/', '')} |`
      }),
    )
  return `${NOTE}
# Limits, time-outs, defaults

Every number that bounds something, with its reason and where it is declared. What an operator may change is in
[the configuration](../../README.md#configuration).

| name | value | why | where |
| --- | --- | --- | --- |
${rows.join('\n')}

## Quotas

How many there may be at once. \`--limits NAME=50\` changes one, \`--limits NAME=off\` switches it off; one too many is a LimitExceededException.

| name | default | of what | counted | which of them |
| --- | --- | --- | --- | --- |
${Object.values(limits).map(quotaRow).join('\n')}

How much one job may have before it; a job with more fails and says so. Changed and switched off in the same way.

| name | default |
| --- | --- |
${Object.entries(defaultLimits)
  .filter(([name]) => !Object.hasOwn(limits, name))
  .map(([name, value]) => `| \`${name}\` | ${value} |`)
  .join('\n')}
`
}

function quotaRow(limit: Limit): string {
  return `| \`${limit.name}\` | ${limit.default} | ${limit.counted} | in a ${limit.within} | ${whichCount(limit)} |`
}

function whichCount({ statuses = [] }: Limit): string {
  if (statuses.length === 0) return 'all'
  return statuses.every(isUnderWay) ? statuses.join(', ') : 'all but those that failed or are being deleted'
}
