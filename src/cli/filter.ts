/**
 * `sommelier filter check` and `sommelier filter explain`: what is wrong with a filter expression, by schema files alone; and what it does
 * with the data of a dataset group, by a server.
 */
import { readFileSync } from 'node:fs'
import { type DatasetSchema, type DatasetType, parseSchema } from '../datasets/schema.ts'
import { planFilter } from '../filters/check.ts'
import { type Explanation, treeOf } from '../filters/explain.ts'
import { FilterError } from '../filters/filterError.ts'
import { Refusal } from '../lib/refusal.ts'
import { type Command, command, localCommand } from './command.ts'
import { count, printable, table } from './text.ts'
import type { Wire } from './wire.ts'

/** There are five types of datasets, each with one schema. */
const SCHEMAS_MAX = 5

const check = localCommand({
  usage: 'filter check EXPRESSION --schemas FILE…',
  summary: 'Says what is wrong with a filter expression, and where; or how it was understood.',
  details: [
    'Needs no server. Ends with 0 when a filter can be made of the expression, and with 1 when not.',
    '',
    '  --schemas FILE…  the schemas of the datasets, Avro JSON as CreateSchema takes it, one file each',
  ],
  flags: { schemas: { type: 'string', multiple: true } },
  words: Array.from({ length: SCHEMAS_MAX }, (_, more) => more + 1),
  async run({ words: [expression, ...more], flags }, io) {
    const files = [...((flags.schemas as string[] | undefined) ?? []), ...more]
    const schemas = new Map<DatasetType, DatasetSchema>()
    for (const file of files) {
      const schema = readSchema(file)
      if (schemas.has(schema.datasetType)) throw new Refusal(`${file} is a second schema for ${schema.datasetType}.`)
      schemas.set(schema.datasetType, schema)
    }
    if (schemas.size === 0)
      throw new Refusal('--schemas takes the files with the schemas of the datasets; there was none.')
    try {
      const plan = planFilter(expression, schemas)
      for (const line of treeOf(plan)) io.out.write(`${printable(line)}\n`)
      const placeholders = Array.from(
        plan.placeholders,
        ([name, { required }]) => `$${name} (${required ? 'a request must' : 'a request may'} give it)`,
      )
      if (placeholders.length > 0) io.out.write(`placeholders: ${placeholders.join(', ')}\n`)
      return 0
    } catch (error) {
      if (!(error instanceof FilterError)) throw error
      io.err.write(`${error.report}\n`)
      return 1
    }
  },
})

function readSchema(file: string): DatasetSchema {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new Refusal(`The schema ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`)
  }
  try {
    return parseSchema(text)
  } catch (error) {
    throw error instanceof Refusal ? new Refusal(`${file}: ${error.message}`) : error
  }
}

const explain = command({
  usage: 'filter explain EXPRESSION --dataset-group ARN [--user ID] [--item ID] [--values JSON] [--json]',
  summary: 'Tells how a filter expression was understood, how many pass it, and which statement takes away what.',
  details: [
    '  --dataset-group ARN  whose data it is carried out on',
    '  --user ID            who asks: for Interactions and IF CurrentUser',
    '  --item ID            what is asked about: for CurrentItem',
    '  --values JSON        as filterValues of a request: \'{"TOPICS": "\\"garden\\",\\"kitchen\\""}\'',
    '  --json               the answer as the server gave it',
  ],
  flags: {
    'dataset-group': { type: 'string' },
    user: { type: 'string' },
    item: { type: 'string' },
    values: { type: 'string' },
    json: { type: 'boolean' },
  },
  words: 1,
  async run(wire: Wire, { words: [filterExpression], flags }, io) {
    const datasetGroupArn = flags['dataset-group']
    if (datasetGroupArn === undefined)
      throw new Refusal('--dataset-group takes the ARN of a dataset group; it was not given.')
    const explanation = await wire.explainFilter({
      datasetGroupArn,
      filterExpression,
      userId: flags.user,
      itemId: flags.item,
      filterValues: flags.values === undefined ? undefined : parseValues(String(flags.values)),
    })
    if (flags.json) io.out.write(`${JSON.stringify(explanation)}\n`)
    else for (const line of explanationLines(explanation)) io.out.write(`${line}\n`)
    return 0
  },
})

function parseValues(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Refusal(`--values is not JSON (${(error as Error).message}).`)
  }
}

function explanationLines({ tree, candidates, passing, examples, statements }: Explanation): string[] {
  const rows = statements.map(({ statement, applies, matching, left }) => [
    printable(statement),
    applies ? count(matching) : 'does not apply',
    count(left),
  ])
  const emptied = statements.find(({ removesEverything }) => removesEverything)
  return [
    ...tree.map(printable),
    '',
    ...table(['STATEMENT', 'MATCHES', 'LEFT'], rows, new Set(['MATCHES', 'LEFT'])),
    '',
    `${count(passing)} of ${count(candidates)} pass${passing > 0 ? `, among them ${examples.map(printable).join(', ')}` : ''}.`,
    ...(emptied ? [`Nothing is left after: ${printable(emptied.statement)}`] : []),
  ]
}

const parts: Readonly<Record<string, Command>> = { check, explain }

export const filter: Command = {
  summary: 'Checks a filter expression, or explains what it does with your data.',
  async run([word = '', ...args], io) {
    if (Object.hasOwn(parts, word)) return parts[word].run(args, io)
    const usage = `usage: sommelier filter check EXPRESSION --schemas FILE…\n       sommelier filter explain EXPRESSION --dataset-group ARN\n`
    const asked = word === '--help' || word === '-h'
    if (asked)
      io.out.write(`${usage}\n${filter.summary}\n\n'sommelier filter check --help' and '… explain --help' say more.\n`)
    else io.err.write(usage)
    return asked ? 0 : 2
  },
}
