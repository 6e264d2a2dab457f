/** What answering has cost, for the log: of the whole process, which does nothing else. */
import { stopwatchSeconds } from '../../lib/clock.ts'

export interface Costs {
  readonly seconds: number
  readonly userSeconds: number
  readonly systemSeconds: number
}

/** Since the process began, but for `seconds`, which count from anywhere. */
export function costsSoFar(): Costs {
  const { user, system } = process.cpuUsage()
  return { seconds: stopwatchSeconds(), userSeconds: user / 1e6, systemSeconds: system / 1e6 }
}

/** `loadedSeconds` of processor time went by before: start, survey, model, filter. */
export function answeringCosts(since: Costs) {
  const { seconds, userSeconds, systemSeconds } = costsSoFar()
  const round = (value: number) => Math.round(1e3 * value) / 1e3
  return {
    seconds: round(seconds - since.seconds),
    userSeconds: round(userSeconds - since.userSeconds),
    systemSeconds: round(systemSeconds - since.systemSeconds),
    loadedSeconds: round(since.userSeconds + since.systemSeconds),
    residentMegabytes: Math.round(process.resourceUsage().maxRSS / 1e3),
  }
}
