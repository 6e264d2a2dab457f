import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cliCommands } from '../../src/cli/index.ts'
import type { WorkItem } from '../../src/cli/wire.ts'
import { answering, NOW_MS, recordedIo } from './terminal.ts'

const { jobs, watch } = cliCommands
const now = NOW_MS / 1000
const arn = 'arn:aws:personalize:us-east-1:000000000000:batch-inference-job/nightly'

const running: WorkItem = {
  resourceArn: arn,
  kind: 'batchInference',
  resourceStatus: 'CREATE IN_PROGRESS',
  state: 'RUNNING',
  attempt: 1,
  stage: 'ranking',
  unit: 'records',
  done: 2850,
  total: 5000,
  failed: 12,
  perSecond: 3412.3,
  secondsLeft: 0.63,
  queuedAt: now - 90,
  startedAt: now - 61,
}
const done: WorkItem = {
  ...running,
  resourceStatus: 'ACTIVE',
  state: 'DONE',
  done: 5000,
  secondsLeft: 0,
  finishedAt: now,
}
const { perSecond: _rate, failed: _failed, ...counted } = done
const failed: WorkItem = {
  resourceArn: 'arn:aws:personalize:us-east-1:000000000000:dataset-import-job/films',
  kind: 'datasetImport',
  resourceStatus: 'CREATE FAILED',
  state: 'FAILED',
  attempt: 2,
  queuedAt: now - 7200,
  startedAt: now - 7190,
  finishedAt: now - 7189.5,
  failureReason: 'Input CSV is missing the following columns:[TIMESTAMP].\x1b[2J',
}
const queued: WorkItem = {
  resourceArn: 'arn:aws:personalize:us-east-1:000000000000:solution/films/0a1b2c3d',
  kind: 'training',
  resourceStatus: 'CREATE PENDING',
  state: 'QUEUED',
  attempt: 1,
  queuedAt: now - 2,
}

test('jobs shows a table, newest first as the server gives it, one request for a page', async t => {
  const { endpoint, asked } = await answering(t, [{ body: { work: [queued, running, failed] } }])
  const io = recordedIo()
  assert.equal(await jobs.run(['--endpoint', endpoint], io), 0)
  assert.deepEqual(io.said.out.split('\n'), [
    'STATUS              PROGRESS                                              FAILED         AGO       TOOK  ARN',
    `CREATE PENDING                                                                         2.0 s             ${queued.resourceArn}`,
    `CREATE IN_PROGRESS  ranking, 2,850 of 5,000 records, 3,412/s, 0.6 s left      12  1 min 30 s  1 min 1 s  ${arn}`,
    `CREATE FAILED                                                                            2 h      0.5 s  ${failed.resourceArn}`,
    '',
  ])
  assert.equal(io.said.err, '')
  assert.deepEqual(asked, [
    { target: 'Sommelier.ListWork', contentType: 'application/x-amz-json-1.1', body: { maxResults: 100 } },
  ])
})

test('jobs turns the pages up to its limit and no further', async t => {
  const page = (count: number, nextToken?: string) => ({ body: { work: Array(count).fill(queued), nextToken } })
  const { endpoint, asked } = await answering(t, [page(100, 'two'), page(50, 'three'), page(1, 'four')])
  const io = recordedIo()
  assert.equal(await jobs.run(['--limit', '150', '--json', '--endpoint', endpoint], io), 0)
  assert.deepEqual(
    asked.map(({ body }) => body),
    [{ maxResults: 100 }, { maxResults: 100, nextToken: 'two' }],
  )
  const lines = io.said.out.trimEnd().split('\n')
  assert.equal(lines.length, 150)
  assert.deepEqual(JSON.parse(lines[149]), queued)
})

test('jobs leaves out what was done at once, unless all of it is wanted', async t => {
  const { stage: _, ...atOnce } = done
  const pages = [{ body: { work: [atOnce, atOnce, done], nextToken: 'two' } }, { body: { work: [failed, atOnce] } }]
  const { endpoint } = await answering(t, [...pages, ...pages])
  const [some, all] = [recordedIo(), recordedIo()]
  assert.equal(await jobs.run(['--json', '--endpoint', endpoint], some), 0)
  assert.equal(some.said.out, `${JSON.stringify(done)}\n${JSON.stringify(failed)}\n`)
  assert.equal(await jobs.run(['--json', '--all', '--endpoint', endpoint], all), 0)
  assert.equal(all.said.out.split('\n').length, 5 + 1)
})

test('jobs reads twenty pages at most, whatever a server promises', async t => {
  const { endpoint, asked } = await answering(t, [{ body: { work: [queued], nextToken: 'more' } }])
  assert.equal(await jobs.run(['--limit', '1000', '--endpoint', endpoint], recordedIo()), 0)
  assert.equal(asked.length, 20)
})

test('jobs stops at an empty page, even one that promises more', async t => {
  const { endpoint, asked } = await answering(t, [{ body: { work: [], nextToken: 'again' } }])
  const io = recordedIo({ env: { SOMMELIER_ENDPOINT: endpoint } })
  assert.equal(await jobs.run([], io), 0)
  assert.equal(io.said.out, `${endpoint} has had no long work yet.\n`)
  assert.equal(asked.length, 1)
})

test('watch writes plain lines away from a terminal: one a stage, and one every ten seconds', async t => {
  const fortyPolls = Array(40).fill({ body: { work: running } })
  const { endpoint, asked } = await answering(t, [
    { body: { work: { ...running, ...queued } } },
    { body: { work: { ...queued, state: 'RUNNING' } } },
    ...fortyPolls,
    { body: { work: { ...running, done: 4999 } } },
    { body: { work: done } },
  ])
  const io = recordedIo()
  assert.equal(await watch.run([arn, '--endpoint', endpoint], io), 0)
  assert.deepEqual(io.said.out.split('\n'), [
    'nightly: waiting for its turn, 2,850 of 5,000 records, 3,412/s, 12 failed',
    'nightly: starting',
    'nightly: ranking, 2,850 of 5,000 records, 3,412/s, 0.6 s left, 12 failed',
    'nightly: ranking, 4,999 of 5,000 records, 3,412/s, 0.6 s left, 12 failed',
    'nightly  ACTIVE after 1 min 1 s: 5,000 records, 12 failed',
    '',
  ])
  assert.deepEqual(asked[0].body, { resourceArn: arn })
  assert.equal(asked[0].target, 'Sommelier.DescribeWork')
})

test('watch redraws a bar in place on a terminal, never wider than it', async t => {
  const { endpoint } = await answering(t, [{ body: { work: running } }, { body: { work: done } }])
  const io = recordedIo({ columns: 80, env: { NO_COLOR: '1' } })
  assert.equal(await watch.run([arn, '--endpoint', endpoint], io), 0)
  assert.equal(
    io.said.out,
    '\r\x1b[2Knightly  █████░░░░   57 %  ranking  2,850 of 5,000 records  3,412/s  0.6 s left' +
      '\r\x1b[2Knightly  ACTIVE after 1 min 1 s: 5,000 records, 12 failed\n',
  )
})

for (const [columns, line] of [
  [100, 'nightly  ██████████░░░░░░░░   57 %  ranking  2,850 of 5,000 records  3,412/s  0.6 s left  12 failed'],
  [70, 'nightly  ████░░░░   57 %  2,850 of 5,000 records  3,412/s  0.6 s left'],
  [50, 'nightly  ██████░░░░░░   57 %  3,412/s  0.6 s left'],
  [30, 'nightly   57 %  0.6 s left'],
  [5, 'nigh'],
] as const) {
  test(`on a terminal of ${columns} columns watch shows what matters most`, async t => {
    const { endpoint } = await answering(t, [{ body: { work: running } }, { body: { work: done } }])
    const io = recordedIo({ columns, env: { NO_COLOR: '1' } })
    assert.equal(await watch.run([arn, '--endpoint', endpoint], io), 0)
    assert.equal(io.said.out.split('\r\x1b[2K')[1], line)
    assert.ok(line.length < columns)
  })
}

test('watch tells the plan once, in a line that stays, however late it comes', async t => {
  const plan = '0.4 GB of memory at most, some 9 s for 5000 records'
  const works = [running, { ...running, plan }, { ...running, plan, done: 2851 }, { ...done, plan }]
  const answers = works.map(work => ({ body: { work } }))
  const [drawn, plain] = [recordedIo({ columns: 200, env: { NO_COLOR: '1' } }), recordedIo()]
  for (const io of [drawn, plain]) {
    const { endpoint } = await answering(t, answers)
    assert.equal(await watch.run([arn, '--endpoint', endpoint], io), 0)
  }
  const line = (records: string) =>
    `nightly  █████████████░░░░░░░░░░░   57 %  ranking  ${records} of 5,000 records  3,412/s  0.6 s left  12 failed`
  const [first, told, second, third, last] = drawn.said.out.split('\r\x1b[2K').slice(1)
  assert.deepEqual([first, told], [line('2,850'), `nightly  planned: ${plan}\n`])
  assert.deepEqual([second, third], [line('2,850'), line('2,851')])
  assert.equal(last, 'nightly  ACTIVE after 1 min 1 s: 5,000 records, 12 failed\n')
  assert.deepEqual(plain.said.out.split('\n'), [
    'nightly: ranking, 2,850 of 5,000 records, 3,412/s, 0.6 s left, 12 failed',
    `nightly: planned: ${plan}`,
    'nightly  ACTIVE after 1 min 1 s: 5,000 records, 12 failed',
    '',
  ])
})

test('watch ends with 1 and the reason when the work fails, and the reason cannot steer the terminal', async t => {
  const { endpoint } = await answering(t, [{ body: { work: failed } }])
  const io = recordedIo()
  assert.equal(await watch.run([failed.resourceArn, '--endpoint', endpoint], io), 1)
  const reason = 'Input CSV is missing the following columns:[TIMESTAMP]. [2J'
  assert.equal(io.said.out, `films  CREATE FAILED after 0.5 s: ${reason}\n`)
})

test('watch ends with 0 whatever the word for being done is', async t => {
  const { endpoint } = await answering(t, [{ body: { work: { ...counted, resourceStatus: 'COMPLETED' } } }])
  const io = recordedIo()
  assert.equal(await watch.run([arn, '--endpoint', endpoint], io), 0)
  assert.equal(io.said.out, 'nightly  COMPLETED after 1 min 1 s: 5,000 records\n')
})

test('watch ends with 1 when a change failed, though its resource goes on as it was', async t => {
  const update: WorkItem = { ...queued, state: 'FAILED', resourceStatus: 'ACTIVE', startedAt: now - 2, finishedAt: now }
  const { endpoint } = await answering(t, [{ body: { work: update } }])
  const io = recordedIo()
  assert.equal(await watch.run([arn, '--endpoint', endpoint], io), 1)
  assert.equal(
    io.said.out,
    'nightly  ACTIVE as before after 2.0 s: the change failed, its Describe operation says why\n',
  )
})

test('watch ends with 1 when the work was stopped', async t => {
  const { endpoint } = await answering(t, [
    { body: { work: { ...queued, state: 'DONE', resourceStatus: 'CREATE STOPPED' } } },
  ])
  const io = recordedIo()
  assert.equal(await watch.run([queued.resourceArn, '--endpoint', endpoint], io), 1)
  assert.equal(io.said.out, 'films/0a1b2c3d  CREATE STOPPED\n')
})

test('work that ended in the middle of a stage does not boast of it', async t => {
  const { endpoint } = await answering(t, [
    { body: { work: { ...done, done: 0, total: 1, unit: 'parts', failed: 0 } } },
  ])
  const io = recordedIo()
  assert.equal(await watch.run([arn, '--endpoint', endpoint], io), 0)
  assert.equal(io.said.out, 'nightly  ACTIVE after 1 min 1 s\n')
})

const ends: [string, Partial<WorkItem>, string][] = [
  ['an import tells its rows', { done: 5000, total: 5000, unit: 'rows' }, ': 5,000 rows'],
  ['a training has no number worth telling', { done: 1, total: 1, unit: 'steps' }, ''],
  ['nor have bytes, parts and models', { done: 9, total: 9, unit: 'bytes' }, ''],
  [
    'a batch job that answered nobody says where to look',
    { done: 3, total: 3, failed: 3 },
    ': 3 records, 3 failed: no record could be answered, the first error is in the output',
  ],
  ['one that had nobody to answer has nothing to say', { done: 0, total: 0, failed: 0 }, ''],
]
for (const [what, work, text] of ends) {
  test(`of work that is done, ${what}`, async t => {
    const { endpoint } = await answering(t, [{ body: { work: { ...counted, ...work } } }])
    const io = recordedIo()
    assert.equal(await watch.run([arn, '--endpoint', endpoint], io), 0)
    assert.equal(io.said.out, `nightly  ACTIVE after 1 min 1 s${text}\n`)
  })
}

test('jobs tells of work that has ended what it made, not what its last stage counted', async t => {
  const steps = { ...counted, done: 1, total: 1, unit: 'steps', perSecond: 7 }
  const bytes = { ...failed, done: 900, total: 900, unit: 'bytes', perSecond: 7, stage: 'import: looking for bad rows' }
  const { endpoint } = await answering(t, [{ body: { work: [steps, bytes, { ...counted, unit: 'rows' }] } }])
  const io = recordedIo()
  assert.equal(await jobs.run(['--endpoint', endpoint], io), 0)
  assert.deepEqual(io.said.out.split('\n'), [
    'STATUS         PROGRESS    FAILED         AGO       TOOK  ARN',
    `ACTIVE                             1 min 30 s  1 min 1 s  ${arn}`,
    `CREATE FAILED                             2 h      0.5 s  ${failed.resourceArn}`,
    `ACTIVE         5,000 rows          1 min 30 s  1 min 1 s  ${arn}`,
    '',
  ])
})

test('away from a terminal, watch says once that the server is away, and goes on with its log when it is back', async t => {
  const away = Array(16).fill('hang up')
  const working = { body: { work: running } }
  const { endpoint } = await answering(t, [working, ...away, working, ...away, { body: { work: done } }])
  const io = recordedIo()
  assert.equal(await watch.run([arn, '--endpoint', endpoint], io), 0)
  const progress = 'nightly: ranking, 2,850 of 5,000 records, 3,412/s, 0.6 s left, 12 failed'
  const absence = 'nightly: no answer from the server for 2.0 s; waiting'
  assert.deepEqual(io.said.out.split('\n'), [
    progress,
    absence,
    progress,
    absence,
    'nightly  ACTIVE after 1 min 1 s: 5,000 records, 12 failed',
    '',
  ])
})

test('on a terminal, watch shows for how long the server has been away', async t => {
  const away = Array(10).fill('hang up')
  const { endpoint } = await answering(t, [{ body: { work: running } }, ...away, { body: { work: done } }])
  const io = recordedIo({ columns: 60, env: { NO_COLOR: '1' } })
  assert.equal(await watch.run([arn, '--endpoint', endpoint], io), 0)
  const lines = io.said.out.split('\r\x1b[2K').slice(2)
  assert.deepEqual(lines, [
    'nightly  no answer from the server for 2.0 s; waiting',
    'nightly  no answer from the server for 2.3 s; waiting',
    'nightly  no answer from the server for 2.5 s; waiting',
    'nightly  ACTIVE after 1 min 1 s: 5,000 records, 12 failed\n',
  ])
})

test('watch waits for a server that goes away after it has answered once, up to two minutes', async t => {
  const comesBack = await answering(t, [{ body: { work: running } }, 'hang up', 'hang up', { body: { work: done } }])
  assert.equal(await watch.run([arn, '--endpoint', comesBack.endpoint], recordedIo()), 0)

  const staysAway = await answering(t, [{ body: { work: running } }, 'hang up'])
  const io = recordedIo()
  assert.equal(await watch.run([arn, '--endpoint', staysAway.endpoint], io), 2)
  assert.match(
    io.said.err,
    /^No server answers at http:\/\/127\.0\.0\.1:\d+\/ \(.+\)\. Start one with `sommelier serve`\.\n$/,
  )
  assert.ok(io.clock.nowMs() - NOW_MS > 120_000 && io.clock.nowMs() - NOW_MS < 121_000)
})

test('watch gives up after its timeout', async t => {
  const { endpoint } = await answering(t, [{ body: { work: running } }])
  const io = recordedIo()
  assert.equal(await watch.run([arn, '--timeout', '60', '--endpoint', endpoint], io), 2)
  assert.equal(io.said.err, 'nightly was not done after 1 min; the server goes on with it.\n')
})

test('Control-C while watching ends it at once with 130, the line cleared and no word said', async t => {
  const { endpoint } = await answering(t, [{ body: { work: running } }])
  const controller = new AbortController()
  const io = recordedIo({ columns: 100, signal: controller.signal })
  const { wait } = io
  const interrupting = {
    ...io,
    wait(ms: number) {
      controller.abort(new Error('interrupted'))
      return wait(ms)
    },
  }
  assert.equal(await watch.run([arn, '--endpoint', endpoint], interrupting), 130)
  assert.ok(io.said.out.endsWith('\r\x1b[2K'))
  assert.equal(io.said.err, '')
})

const answers: [string, { status?: number; body: string | object } | 'hang up', string | RegExp][] = [
  [
    'an error by its name',
    {
      status: 400,
      body: { __type: 'com.amazonaws#ResourceNotFoundException', message: 'Resource Arn x does not exist.' },
    },
    'ResourceNotFoundException: Resource Arn x does not exist.\n',
  ],
  [
    'a page that is not ours',
    { status: 404, body: '<html>' },
    /^http:\/\/127\.0\.0\.1:\d+\/ answered with status 404 and something that is not a JSON object: is that a Sommelier server\?\n$/,
  ],
  [
    'an error without a name',
    { status: 500, body: {} },
    /^http:\/\/127\.0\.0\.1:\d+\/ answered with status 500 and no error's name: is that a Sommelier server\?\n$/,
  ],
  [
    'an answer without work',
    { body: { jobs: [] } },
    /^http:\/\/127\.0\.0\.1:\d+ answered without a list of work: is that a Sommelier server\?\n$/,
  ],
  [
    'too much of an answer',
    { body: 'x'.repeat(8 * 2 ** 20 + 1) },
    /^http:\/\/127\.0\.0\.1:\d+\/ answered with more than 8388608 bytes: is that a Sommelier server\?\n$/,
  ],
  [
    'nothing',
    'hang up',
    /^No server answers at http:\/\/127\.0\.0\.1:\d+\/ \(.+\)\. Start one with `sommelier serve`\.\n$/,
  ],
]
for (const [what, answer, sentence] of answers) {
  test(`${what} becomes a sentence and exit code 2`, async t => {
    const { endpoint } = await answering(t, [answer])
    const io = recordedIo()
    assert.equal(await jobs.run(['--endpoint', endpoint], io), 2)
    if (typeof sentence === 'string') assert.equal(io.said.err, sentence)
    else assert.match(io.said.err, sentence)
    assert.equal(io.said.out, '')
  })
}

const wrong: [string, string[], string][] = [
  ['jobs', ['--limit', '0'], "--limit takes a whole number from 1 to 1000; it was given '0'.\n"],
  ['jobs', ['--limit', 'ten'], "--limit takes a whole number from 1 to 1000; it was given 'ten'.\n"],
  ['jobs', ['extra'], 'usage: sommelier jobs [--limit N] [--all] [--json] [--endpoint URL]\n'],
  ['watch', [], 'usage: sommelier watch ARN [--timeout SECONDS] [--endpoint URL]\n'],
  [
    'jobs',
    ['--endpoint', 'localhost:8001'],
    "'localhost:8001' is not an endpoint: an address like http://127.0.0.1:8001 was expected.\n",
  ],
]
for (const [name, args, sentence] of wrong) {
  test(`sommelier ${[name, ...args].join(' ')} is refused with a sentence and exit code 2`, async () => {
    const io = recordedIo()
    assert.equal(await cliCommands[name].run(args, io), 2)
    assert.deepEqual(io.said, { out: '', err: sentence })
  })
}

test('an unknown flag is refused with its name and the usage', async () => {
  const io = recordedIo()
  assert.equal(await jobs.run(['--colour'], io), 2)
  assert.match(
    io.said.err,
    /^Unknown option '--colour'.*\nusage: sommelier jobs \[--limit N\] \[--all\] \[--json\] \[--endpoint URL\]\n$/s,
  )
})

test('every command explains itself', async () => {
  for (const [name, command] of Object.entries(cliCommands)) {
    const io = recordedIo()
    assert.equal(await command.run(['--help'], io), 0)
    assert.ok(io.said.out.startsWith(`usage: sommelier ${name} `) && io.said.out.includes(command.summary))
    assert.equal(io.said.err, '')
    const whole = recordedIo()
    const words = name === 'filter' ? ['explain', '--help'] : ['--help']
    assert.equal(await command.run(words, whole), 0)
    const place = name === 'keys' ? ['--data FOLDER', 'SOMMELIER_DATA'] : ['--endpoint URL', 'http://127.0.0.1:8001']
    assert.ok(place.every(text => whole.said.out.includes(text)))
  }
})
