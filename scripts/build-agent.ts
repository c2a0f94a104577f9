/** `node scripts/build-agent.ts`: bundles bin/agent.ts into dist/agent/, what instances download. One file for every architecture. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { bundleOptions } from './bundle-options.ts';

const root = join(import.meta.dirname, '..');
const [folder, made] = [join(root, 'dist', 'agent'), join(root, 'dist', `.agent.${process.pid}`)];

mkdirSync(join(root, 'dist'), { recursive: true });
await build({ ...bundleOptions(made), entryPoints: { agent: join(root, 'bin', 'agent.ts') } });
writeFileSync(join(made, 'package.json'), '{ "type": "commonjs" }\n');
rmSync(folder, { recursive: true, force: true });
renameSync(made, folder);
