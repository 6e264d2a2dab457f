/**
 * The service as clients see it that we did not write: AWS SDK for JavaScript, boto3, AWS CLI, and moto for S3, IAM and STS. Makes what they
 * need under build/ (once), runs test/clients/ and says how it went. `npm run test:clients [-- files and options of Node's test runner]`.
 */
import { spawnSync } from 'node:child_process'
import { pythonEnvironment, root, startMoto } from './python.mjs'

/** The CLI wants exactly the botocore that boto3 of this version wants too. */
const CLIENTS = ['boto3==1.44.2', 'awscli==1.46.2']

/** A single test that takes longer is stuck: the slowest, two hundred starts of the CLI, takes a minute on two quiet cores. */
const TEST_MS_MAX = 240_000

const started = performance.now()
const bin = pythonEnvironment('clients', CLIENTS)
const moto = await startMoto()
const given = process.argv.slice(2)
const files = given.some(each => !each.startsWith('-')) ? given : [...given, 'test/clients/*.test.ts']
let status = 1
try {
  const args = ['--test', '--disable-warning=ExperimentalWarning', `--test-timeout=${TEST_MS_MAX}`, ...files]
  const variables = { SOMMELIER_TEST_CLIENTS: bin, SOMMELIER_TEST_MOTO: moto.endpoint }
  status =
    spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...variables } }).status ??
    1
} finally {
  moto.stop()
}
const seconds = Math.round((performance.now() - started) / 1000)
const verdict = status === 0 ? 'agree with the service' : 'found a difference, see above'
process.stdout.write(`AWS SDK for JavaScript, ${CLIENTS.join(', ')}: ${verdict} (${seconds} s).\n`)
process.exit(status)
