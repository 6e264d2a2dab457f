/** What the documents say of the code, where it can be compared: configuration, operations, recipes, commands, links. */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { services } from '../src/api/index.ts'
import { settings } from '../src/config.ts'
import { recipes } from '../src/recipes/index.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const documents = globSync(['*.md', 'docs/**/*.md'], { cwd: root })

test("README's configuration table is the one in config.ts", () => {
  const rows = settings.map(({ flag, variable, default: value, meaning }) => {
    const shown = value === '' ? '' : `\`${value}\``
    return `| \`--${flag}\` | \`${variable}\` | ${shown} | ${meaning} |`
  })
  const table = read('README.md')
    .split('\n')
    .filter(line => line.startsWith('| `--'))
  assert.deepEqual(table, rows)
})

test('README names every recipe there is, and every kind of operation', () => {
  const readme = read('README.md')
  assert.deepEqual(
    recipes.map(({ name }) => name).filter(name => !readme.includes(`\`${name}\``)),
    [],
  )
  const creating = services
    .flatMap(({ operations }) => operations.map(({ name }) => name))
    .filter(name => /^(Create|Stop|Get)/.test(name))
  assert.deepEqual(
    creating.filter(name => !readme.includes(name)),
    [],
  )
})

test('the reference page gives every operation its state and its differences from the reference service', () => {
  const sections = read('docs/reference/operations.md').split(/^### /m)
  for (const { name, differences = 'none known.' } of services[0].operations) {
    const section = sections.find(each => each.startsWith(`${name}\n`))
    assert.ok(section, name)
    assert.match(differences, /^\S.*\.$/, name)
    assert.ok(section.includes(`\nState: complete. Differences from the reference service: ${differences}\n`), name)
  }
})

test('every npm command in a document exists', () => {
  const { scripts } = JSON.parse(read('package.json'))
  const wrong = documents.flatMap(path =>
    [...read(path).matchAll(/npm run (?:-s )?([a-z:-]+)/g)]
      .filter(([, name]) => !(name in scripts))
      .map(([command]) => `${path}: ${command}`),
  )
  assert.deepEqual(wrong, [])
})

const LINK = /\[[^\]]*\]\(([^)\s#]+)(?:#[^)]*)?\)/g

test('every link between documents leads somewhere', () => {
  const broken = documents.flatMap(path =>
    [...read(path).matchAll(LINK)]
      .map(([, target]) => target)
      .filter(target => !/^[a-z]+:/.test(target) && !existsSync(join(root, dirname(path), target)))
      .map(target => `${path} → ${target}`),
  )
  assert.deepEqual(broken, [])
})
