/** What TypeScript needs to know of python.mjs. */
export const root: string
export function pythonEnvironment(name: string, requirements: readonly string[]): string
export function startMoto(): Promise<{ endpoint: string; stop(): boolean }>
