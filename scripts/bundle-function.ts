import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { jsonFiles } from './json-files.ts';

const functions = join(import.meta.dirname, '../functions');

/** Functions that Lambda runs. */
export function functionNames(): string[] {
  return readdirSync(functions).filter((name) => existsSync(join(functions, name, 'lambda.ts')));
}

/**
 * Bundles functions/NAME/lambda.ts into `folder`/NAME, what Lambda gets. The SDK clients that a function uses are in its bundle:
 * the runtime's own copy is many files, which take longer to load.
 */
export async function bundleFunction(name: string, folder: string): Promise<Metafile> {
  // Made beside and then moved: a deployment meanwhile finds the old bundle or the new one.
  const [final, made] = [join(folder, name), join(folder, `.${name}.${process.pid}`)];
  const { metafile } = await build({
    entryPoints: { index: join(functions, name, 'lambda.ts') },
    outdir: made,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minify: true,
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
    // The ES modules of the SDK shake better than its CommonJS ones.
    mainFields: ['module', 'main'],
    plugins: [jsonFiles(made)],
    // Optional accelerators of ws, which we do not install.
    external: ['bufferutil', 'utf-8-validate'],
  }).catch((error) => {
    rmSync(made, { recursive: true, force: true });
    throw error;
  });
  rmSync(final, { recursive: true, force: true });
  renameSync(made, final);
  return metafile;
}
