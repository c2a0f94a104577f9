import { copyFileSync, mkdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { Plugin } from 'esbuild';

const root = join(import.meta.dirname, '..');

/** Our data beside the bundle, parsed when it is first needed: within it V8 would keep the text in memory for good. */
export function jsonFiles(folder: string): Plugin {
  mkdirSync(join(folder, 'data'), { recursive: true });
  return {
    name: 'json-files',
    setup({ onLoad }) {
      onLoad({ filter: /\.json$/ }, ({ path }) => {
        if (path.includes('node_modules')) return undefined;
        const name = relative(root, path).replaceAll(sep, '-');
        copyFileSync(path, join(folder, 'data', name));
        const read = `require('node:fs').readFileSync(require('node:path').join(__dirname, 'data', ${JSON.stringify(name)}), 'utf8')`;
        return { contents: `module.exports = JSON.parse(${read});`, loader: 'js' };
      });
    },
  };
}
