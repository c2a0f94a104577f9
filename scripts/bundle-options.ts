import type { BuildOptions } from 'esbuild';
import { jsonFiles } from './json-files.ts';

/** What esbuild is told of everything that AWS gets: functions and agents. */
export function bundleOptions(folder: string) {
  return {
    outdir: folder,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minify: true,
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'none',
    logLevel: 'warning',
    // The ES modules of the SDK shake better than its CommonJS ones.
    mainFields: ['module', 'main'],
    plugins: [jsonFiles(folder)],
    // Optional accelerators of ws, which we do not install.
    external: ['bufferutil', 'utf-8-validate'],
  } satisfies BuildOptions;
}
