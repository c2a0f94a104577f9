import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { bundleOptions } from './bundle-options.ts';

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
    ...bundleOptions(made),
    entryPoints: { index: join(functions, name, 'lambda.ts') },
    metafile: true,
  }).catch((error) => {
    rmSync(made, { recursive: true, force: true });
    throw error;
  });
  rmSync(final, { recursive: true, force: true });
  renameSync(made, final);
  return metafile;
}
