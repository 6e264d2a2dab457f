/** What TypeScript needs to know of compileText.mjs. */
export declare function compileText(source: string): Promise<Uint8Array>
