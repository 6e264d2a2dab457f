/** A module beside the one that asks, as something to fork or to start a thread from: `.ts` in a clone, `.js` in the published package. */
export function siblingModule(importMetaUrl: string, name: string): URL {
  const extension = importMetaUrl.endsWith('.ts') ? '.ts' : '.js'
  return new URL(`./${name}${extension}`, importMetaUrl)
}
