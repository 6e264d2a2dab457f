/**
 * The service as clients see it that we did not write: AWS SDK for JavaScript, boto3, AWS CLI, and moto for S3, IAM and STS. Makes what they
 * need under build/ (once), runs test/clients/ and what in test/objects/ wants a real S3 or STS, and says how it went.
 * `npm run test:clients [-- files and options of Node's test runner]`.
 */
import { spawnSync } from 'node:child_process'
import { pythonEnvironment, root, startMoto } from './python.mjs'

/** The CLI wants exactly the botocore that boto3 of this version wants too. */
const CLIENTS = ['boto3==1.44.2', 'awscli==1.46.2']

/** A single test that takes longer is stuck: the slowest takes half a minute on two quiet cores. */
const TEST_MS_MAX = 240_000

/** One after the other: the first takes a moto that lets everybody in, and the others tell it to check policies. */
const FILES = ['test/objects/s3Real.test.ts', 'test/clients/*.test.ts', 'test/objects/assumeRoleReal.test.ts']

const started = performance.now()
const bin = pythonEnvironment('clients', CLIENTS)
const moto = await startMoto()
const given = process.argv.slice(2)
const named = given.some(each => !each.startsWith('-'))
let status = 0
try {
  for (const files of named ? [[]] : FILES.map(file => [file])) status ||= run([...given, ...files])
} finally {
  moto.stop()
}
const seconds = Math.round((performance.now() - started) / 1000)
const verdict = status === 0 ? 'agree with the service' : 'found a difference, see above'
process.stdout.write(`AWS SDK for JavaScript, ${CLIENTS.join(', ')}: ${verdict} (${seconds} s).\n`)
process.exit(status)

function run(more) {
  const args = ['--test', '--disable-warning=ExperimentalWarning', `--test-timeout=${TEST_MS_MAX}`, ...more]
  const env = {
    ...process.env,
    SOMMELIER_TEST_CLIENTS: bin,
    SOMMELIER_TEST_MOTO: moto.endpoint,
    SOMMELIER_TEST_S3_ENDPOINT: moto.endpoint,
    AWS_ACCESS_KEY_ID: 'moto',
    AWS_SECRET_ACCESS_KEY: 'moto',
  }
  return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', env }).status ?? 1
}
