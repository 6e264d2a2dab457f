/** Creates resources with work as fast as it can and names each one on standard output once it is durable. Ends when killed. */
import { openSqlite } from '../../src/resources/sqlite.ts'

const state = openSqlite(process.argv[2])
const first = await state.transact(transaction => transaction.count({ type: 'thing' }))
for (let i = first; ; i++) {
  await state.transact(async transaction => {
    await transaction.insert({
      arn: `arn:${i}`,
      type: 'thing',
      account: 'a',
      region: 'r',
      name: `${i}`,
      parent: undefined,
      group: undefined,
      status: 'CREATE PENDING',
      createdMs: i,
      updatedMs: i,
      failureReason: undefined,
      body: {},
      hidden: {},
    })
    await transaction.enqueue({ arn: `arn:${i}`, kind: 'make', nowMs: i })
  })
  process.stdout.write(`${i}\n`)
}
