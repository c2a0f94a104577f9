/** `node scripts/build.ts [NAME…]`: bundles the entry points of bin/ into dist/. */
import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { jsonFiles } from './json-files.ts';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

/** CommonJS starts faster than ESM, and its modules can be loaded late from one file. */
const entries = process.argv.length > 2 ? process.argv.slice(2) : entryPoints();

mkdirSync(dist, { recursive: true });
writeFileSync(join(dist, 'package.json'), '{ "type": "commonjs" }\n');
const { outputFiles } = await build({
  write: false,
  entryPoints: Object.fromEntries(entries.map((name) => [`${name}.main`, join(root, 'bin', `${name}.ts`)])),
  outdir: dist,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  sourcemap: true,
  sourcesContent: false,
  minifySyntax: true,
  minifyWhitespace: true,
  logLevel: 'warning',
  plugins: [jsonFiles(dist)],
  // Optional accelerators of ws, which we do not install.
  external: ['bufferutil', 'utf-8-validate'],
});
for (const { path, contents } of outputFiles) writeWhole(path, contents);
for (const name of entries) writeWhole(join(dist, `${name}.js`), loader(name));

/** A process that starts meanwhile finds the old bundle or the new one. */
function writeWhole(path: string, contents: string | Uint8Array): void {
  writeFileSync(`${path}.new`, contents);
  renameSync(`${path}.new`, path);
}

/**
 * Compiled code is kept beside the bundle: the second start does not compile again. It must be on before the bundle loads.
 * Whoever starts it with another Node.js gets the project's own.
 */
function loader(name: string): string {
  return `#!/usr/bin/env node
const { join } = require('node:path');
if (Number.parseInt(process.versions.node) < 24) {
  const node = join(__dirname, '..', 'node_modules', '.bin', 'node');
  const { status, error } = require('node:child_process').spawnSync(node, process.argv.slice(1), { stdio: 'inherit' });
  if (error) console.error('error: Node.js 24 is needed, this is ' + process.version + ': npm ci installs it');
  process.exit(status ?? 1);
}
require('node:module').enableCompileCache(join(__dirname, '.compile-cache'));
require('./${name}.main.js');
`;
}

/** The command line tool and the processes it starts; bin/cdk.ts runs where it is deployed from, unbundled. */
function entryPoints(): string[] {
  const files = readdirSync(join(root, 'bin')).filter((file) => file.endsWith('.ts') && file !== 'cdk.ts');
  return files.map((file) => basename(file, '.ts'));
}
