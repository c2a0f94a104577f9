/** `node scripts/build-functions.ts [NAME…]`: bundles the functions into dist/functions/. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { bundleFunction, functionNames } from './bundle-function.ts';

const dist = join(import.meta.dirname, '../dist/functions');
const names = process.argv.length > 2 ? process.argv.slice(2) : functionNames();
mkdirSync(dist, { recursive: true });
await Promise.all(names.map((name) => bundleFunction(name, dist)));
