/**
 * `node scripts/build-functions.ts [NAME…]`: bundles functions/NAME/lambda.ts into dist/functions/NAME/, what Lambda gets.
 * The SDK clients that a function uses are in its bundle: the runtime's own copy is many files, which take longer to load.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { jsonFiles } from './json-files.ts';

const root = join(import.meta.dirname, '..');
const functions = join(root, 'functions');
const dist = join(root, 'dist', 'functions');

const names = process.argv.length > 2 ? process.argv.slice(2) : entryPoints();
mkdirSync(dist, { recursive: true });
await Promise.all(names.map(bundle));

/** Made beside and then moved: a deployment meanwhile finds the old bundle or the new one. */
async function bundle(name: string): Promise<void> {
  const [folder, made] = [join(dist, name), join(dist, `.${name}.${process.pid}`)];
  await build({
    entryPoints: { index: join(functions, name, 'lambda.ts') },
    outdir: made,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minify: true,
    keepNames: false,
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'none',
    logLevel: 'warning',
    // The ES modules of the SDK shake better than its CommonJS ones.
    mainFields: ['module', 'main'],
    plugins: [jsonFiles(made)],
    external: ['bufferutil', 'utf-8-validate'],
  });
  rmSync(folder, { recursive: true, force: true });
  renameSync(made, folder);
}

function entryPoints(): string[] {
  return readdirSync(functions).filter((name) => existsSync(join(functions, name, 'lambda.ts')));
}
