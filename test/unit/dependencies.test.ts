import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const root = process.cwd();

/** Who may import whom: a folder may import from its own and from those beside it here, and from nothing else of ours. */
const allowed: Record<string, string[]> = {
  'lib/api': [],
  'lib/runtime': ['lib/api'],
  'lib/storage': ['lib/api', 'lib/runtime'],
  'lib/client': ['lib/api', 'lib/runtime'],
  'lib/pki': ['lib/runtime'],
  // What entry files share of AWS: clients, keys, instances. Components are given what it makes.
  'lib/cloud': ['lib/api', 'lib/runtime', 'lib/client', 'lib/pki', 'lib/storage'],
  'lib/api-proxy': ['lib/api', 'lib/runtime', 'lib/client'],
  'lib/cost': [],
  // The tables as data.
  'lib/stacks': ['lib/storage', 'lib/cloud'],
  'lib/cluster': ['lib/api', 'lib/runtime', 'lib/client', 'lib/pki', 'agent/runtime'],
  'functions/apiserver': ['lib/api', 'lib/runtime', 'lib/storage'],
  'functions/controllers': ['lib/api', 'lib/runtime', 'lib/client', 'lib/pki'],
  'functions/scheduler': ['lib/api', 'lib/runtime', 'lib/client'],
  // Whether a pod would fit on a machine is the scheduler's judgement.
  'functions/capacity': [
    'lib/api',
    'lib/runtime',
    'lib/client',
    'lib/cloud',
    'functions/scheduler',
    'functions/controllers',
  ],
  // A virtual node is an agent whose runtime is elsewhere: environments, restarts and statuses follow the agent's own rules.
  'functions/capacity/fargate': [
    'lib/api',
    'lib/runtime',
    'lib/client',
    'lib/cloud',
    'functions/controllers',
    'agent/pods',
    'agent/server',
    'agent/status',
    'agent/volumes',
  ],
  'functions/dispatcher': ['lib/api', 'lib/runtime', 'lib/client'],
  'functions/vpc': ['lib/api', 'lib/runtime'],
  'functions/keys': ['lib/runtime', 'lib/pki', 'lib/cloud', 'lib/storage'],
  agent: ['lib/api', 'lib/runtime', 'lib/client', 'lib/api-proxy', 'lib/pki'],
};

/** The entry file of a Lambda puts the parts together: it may import anything, and read the environment. */
const isEntry = (file: string) => file.endsWith('/lambda.ts');

const folders = Object.keys(allowed);

function sources(folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file))
    .filter((file) => !isEntry(file));
}

/** The longest of the table's folders that holds the file. */
function folderOf(file: string): string {
  return folders.filter((folder) => file.startsWith(`${folder}/`)).sort((a, b) => b.length - a.length)[0] ?? '';
}

function imports(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) =>
    relative(root, join(root, file, '..', match[1]!)),
  );
}

describe('dependencies point inward', () => {
  test.each(folders)('%s imports only what the table allows', (folder) => {
    const own = sources(folder).filter((file) => folderOf(file) === folder);
    const wrong = own.flatMap((file) =>
      imports(file)
        .filter((target) => ![folder, ...allowed[folder]!].some((prefix) => target.startsWith(`${prefix}/`)))
        .map((target) => `${file} → ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test('every source folder stands in the table', () => {
    const outside = ['lib', 'functions', 'agent'].flatMap(sources).filter((file) => !folderOf(file));
    expect(outside).toEqual([]);
  });
});

describe('time, randomness and the environment are arguments', () => {
  const inner = ['lib', 'functions', 'agent'].flatMap(sources).filter((file) => !file.startsWith('lib/runtime/'));

  test.each([
    ['the clock', /\bDate\.now\(|\bnew Date\(\)|(?<![.\w])setTimeout\(|(?<![.\w])setInterval\(/],
    ['randomness', /Math\.random\(|randomUUID\(/],
    ['the environment', /process\.env\b/],
  ])('%s is named in lib/runtime and entry files only', (_, pattern) => {
    const wrong = inner.filter((file) =>
      pattern.test(readFileSync(join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')),
    );
    expect(wrong).toEqual([]);
  });
});
