/**
 * package.json for the published package. The repository's brings its own Node (five optional packages of 200 MB, whose `node` would also
 * stand first on the PATH of every script of whoever installs us) and says nothing of engines (npm would warn in every clone on an older
 * Node, where the launcher works well). A package wants the opposite of both: no Node of ours, and a word on which Node it needs.
 *
 *   publish   before packing: the original moves aside, the cleaned one takes its place
 *   restore   after packing: the original comes back (after an interrupted one, git has it: git checkout package.json)
 *   refuse    `npm publish` of the folder: npm would send the registry the original's dependencies, whatever the tarball says
 */
import { copyFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const manifest = fileURLToPath(new URL('../package.json', import.meta.url))
const original = fileURLToPath(new URL('../build/package.json', import.meta.url))

/** The oldest Node the built package is tested with: `node:sqlite` without a flag, relaxed SIMD, Set methods. */
const ENGINES = { node: '>=24' }

const acts = {
  publish() {
    mkdirSync(dirname(original), { recursive: true })
    copyFileSync(manifest, original)
    const { scripts, devDependencies, optionalDependencies, ...kept } = JSON.parse(readFileSync(manifest, 'utf8'))
    // npm reads the scripts anew after packing, so the way back has to stay in.
    const cleaned = { ...kept, engines: ENGINES, scripts: { postpack: scripts.postpack } }
    writeFileSync(manifest, `${JSON.stringify(cleaned, undefined, 2)}\n`)
  },
  restore() {
    renameSync(original, manifest)
  },
  refuse() {
    process.stderr.write('Publish the tarball, not the folder: npm pack, then npm publish sommelier-VERSION.tgz.\n')
    process.exitCode = 1
  },
}

acts[process.argv[2]]()
