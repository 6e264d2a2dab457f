/** Schemas: Avro records that say which columns a dataset has. Usable at once, never changed. */
import { checkSchemaForType, parseSchema } from '../datasets/schema.ts'
import { Refusal } from '../lib/refusal.ts'
import { ServiceError } from '../protocol/errors.ts'
import { list, optional, string, structure } from '../protocol/shape.ts'
import { isUnderWay } from '../resources/lifecycle.ts'
import { shown } from '../resources/resources.ts'
import { dataset, schema } from '../resources/types.ts'
import { operation } from './operation.ts'
import { Arn, Domain, dates, Name, NextToken, page } from './shapes.ts'

const AvroSchema = string({ max: 20_000 })
const summary = { name: optional(Name), schemaArn: optional(Arn), ...dates, domain: optional(Domain) }

const createSchema = operation({
  name: 'CreateSchema',
  input: structure({ name: Name, schema: AvroSchema, domain: optional(Domain) }),
  output: structure({ schemaArn: optional(Arn) }),
  errors: ['InvalidInputException', 'ResourceAlreadyExistsException', 'LimitExceededException'],
  async handle(input, { resources }) {
    checked(() => {
      const parsed = parseSchema(input.schema)
      checkSchemaForType(parsed, parsed.datasetType, input.domain)
    })
    return {
      schemaArn: await resources.create(schema, { path: input.name, name: input.name, body: input, hidden: {} }),
    }
  },
})

const describeSchema = operation({
  name: 'DescribeSchema',
  input: structure({ schemaArn: Arn }),
  output: structure({ schema: optional(structure({ ...summary, schema: optional(AvroSchema) })) }),
  errors: ['InvalidInputException', 'ResourceNotFoundException'],
  handle: async (input, { resources }) => ({ schema: shown(schema, await resources.get(schema, input.schemaArn)) }),
})

const listSchemas = operation({
  name: 'ListSchemas',
  input: structure(page),
  output: structure({
    schemas: optional(list(structure(summary), { max: 100 })),
    nextToken: optional(NextToken),
  }),
  errors: ['InvalidNextTokenException'],
  async handle(input, { resources }) {
    const { resources: found, nextToken } = await resources.list(schema, input)
    return { schemas: found.map(each => shown(schema, each)), nextToken }
  },
})

const deleteSchema = operation({
  name: 'DeleteSchema',
  input: structure({ schemaArn: Arn }),
  output: undefined,
  errors: ['InvalidInputException', 'ResourceNotFoundException', 'ResourceInUseException'],
  async handle(input, { resources }) {
    const found = await resources.get(schema, input.schemaArn)
    const user = await resources.firstWhere(dataset, ({ body: { schemaArn, latestDatasetUpdate: update } }) => {
      return schemaArn === found.arn || (update?.schemaArn === found.arn && isUnderWay(update.status))
    })
    if (user) {
      throw new ServiceError('ResourceInUseException', `The schema ${found.arn} is used by the dataset ${user.arn}.`)
    }
    await resources.transaction.remove(found.arn)
    return undefined
  },
})

/** What `datasets/` and `objects/` refuse is a mistake in the request. */
export function checked<T>(check: () => T, beginning = ''): T {
  try {
    return check()
  } catch (error) {
    if (error instanceof Refusal)
      throw new ServiceError('InvalidInputException', `${beginning} ${error.message}`.trim())
    throw error
  }
}

export const schemaOperations = [createSchema, describeSchema, listSchemas, deleteSchema]
