import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pkcs10CertificateRequest } from '@peculiar/x509';
import { writeAtomically } from '../../../agent/volumes/atomic-writer.ts';
import { configMapPayload, secretPayload } from '../../../agent/volumes/config-map.ts';
import { downwardPayload } from '../../../agent/volumes/downward-api.ts';
import { giveToGroup } from '../../../agent/volumes/ownership.ts';
import type { Payload } from '../../../agent/volumes/payload.ts';
import { projectedPayload } from '../../../agent/volumes/projected.ts';
import { TokenKeeper } from '../../../agent/volumes/service-account-token.ts';
import { stubRequest } from '../../../agent/volumes/stub-request.ts';
import { bindSubPath } from '../../../agent/volumes/sub-path.ts';
import type { Client } from '../../../lib/client/client.ts';
import { pod } from '../../builders/objects.ts';
import { fakeClock } from '../../fakes/clock.ts';
import { seededRandom } from '../../fakes/random.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'volume-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const payload = (files: Record<string, string>, mode = 0o644): Payload =>
  new Map(Object.entries(files).map(([path, text]) => [path, { data: Buffer.from(text), mode }]));
const texts = (files: Payload) =>
  Object.fromEntries([...files].map(([path, { data }]) => [path, Buffer.from(data).toString('utf8')]));
const visible = () => readdirSync(folder).filter((name) => !name.startsWith('..'));

describe('atomic writer', () => {
  it('shows files through one link, with their modes', async () => {
    await writeAtomically(folder, payload({ a: '1', 'dir/b': '2' }, 0o400));
    expect(visible()).toEqual(['a', 'dir']);
    expect(readlinkSync(join(folder, 'a'))).toBe('..data/a');
    expect(readFileSync(join(folder, 'dir/b'), 'utf8')).toBe('2');
    expect(statSync(join(folder, 'a')).mode & 0o777).toBe(0o400);
  });

  it('replaces all files by one rename, and removes what is gone', async () => {
    await writeAtomically(folder, payload({ a: '1', b: '2' }));
    const before = readlinkSync(join(folder, '..data'));
    expect(await writeAtomically(folder, payload({ b: '3', c: '4' }))).toBe(true);
    expect(visible()).toEqual(['b', 'c']);
    expect(readFileSync(join(folder, 'b'), 'utf8')).toBe('3');
    expect(readdirSync(folder)).not.toContain(before);
  });

  it('writes nothing when nothing changed', async () => {
    await writeAtomically(folder, payload({ a: '1' }));
    const before = readlinkSync(join(folder, '..data'));
    expect(await writeAtomically(folder, payload({ a: '1' }))).toBe(false);
    expect(readlinkSync(join(folder, '..data'))).toBe(before);
  });

  it('goes on after it was interrupted', async () => {
    symlinkSync('..nowhere', join(folder, '..data_tmp'));
    await writeAtomically(folder, payload({ a: '1' }));
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('1');
  });
});

describe('content', () => {
  it('is a config map’s keys, text and binary', () => {
    const object = { data: { a: 'x' }, binaryData: { b: Buffer.from([1, 2]).toString('base64') } };
    expect([...configMapPayload(object, {}).keys()]).toEqual(['a', 'b']);
    const items = [{ key: 'a', path: 'p/q', mode: 0o400 }];
    expect([...configMapPayload(object, { items })]).toEqual([['p/q', { data: Buffer.from('x'), mode: 0o400 }]]);
  });

  it('must have the keys that are named, unless they are optional', () => {
    const items = [{ key: 'none', path: 'p' }];
    expect(() => configMapPayload({}, { items })).toThrow('configmap references non-existent config key: none');
    expect(() => secretPayload({}, { items })).toThrow('references non-existent secret key: none');
    expect(configMapPayload(undefined, { items, optional: true }).size).toBe(0);
  });

  it('is the pod’s own fields', () => {
    const items = [
      { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
      { path: 'one', fieldRef: { fieldPath: "metadata.labels['b']" } },
      { path: 'cpu', resourceFieldRef: { containerName: 'c', resource: 'limits.cpu', divisor: '1m' } },
      { path: 'memory', resourceFieldRef: { containerName: 'c', resource: 'requests.memory', divisor: '1Mi' } },
    ];
    const facts = { podIPs: [], hostIPs: [], nodeName: 'n', allocatable: { cpu: '2' } };
    const one = pod({ labels: { b: '2', a: '1' }, requests: { memory: '32Mi' } });
    expect(texts(downwardPayload(one, items, facts))).toEqual({
      labels: 'a="1"\nb="2"',
      one: '2',
      cpu: '2000',
      memory: '32',
    });
  });

  it('is several sources in one folder', async () => {
    const content = {
      configMap: async () => ({ data: { a: '1' } }) as never,
      secret: async () => undefined,
      trustBundles: async () => [],
      token: async () => 'token',
      certificate: async () => ({ key: 'KEY\n', chain: 'CHAIN\n' }),
    };
    const sources = [
      { configMap: { name: 'cm' } },
      { secret: { name: 'none', optional: true } },
      { serviceAccountToken: { path: 'token' } },
      { podCertificate: { signerName: 's', keyType: 'ED25519', credentialBundlePath: 'bundle' } },
    ];
    const facts = { podIPs: [], hostIPs: [], nodeName: 'n', allocatable: {} };
    const own = pod({ spec: { securityContext: { fsGroup: 5 } } });
    const files = await projectedPayload(own, 'v', { sources }, content, facts);
    expect(texts(files)).toEqual({ a: '1', token: 'token', bundle: 'KEY\nCHAIN\n' });
    expect(files.get('token')?.mode).toBe(0o600);
    const missing = { sources: [{ secret: { name: 'none' } }] };
    await expect(projectedPayload(own, 'v', missing, content, facts)).rejects.toThrow('secret "none" not found');
  });
});

it('gives a volume to its group', async () => {
  await writeAtomically(folder, payload({ a: '1' }, 0o400));
  await giveToGroup(folder, process.getgid!(), true);
  expect(statSync(join(folder, 'a')).mode & 0o777).toBe(0o440);
  expect(lstatSync(folder).mode & 0o2000).toBe(0o2000);
});

describe('sub path', () => {
  const binds: string[] = [];
  const mounter = {
    tmpfs: async () => {},
    unmount: async () => {},
    below: async () => [],
    bind: async (source: string) => void binds.push(readlinkSync(source)),
  };

  it('binds the real folder, made if it is not there', async () => {
    await bindSubPath(folder, 'x/y', join(folder, '..target', '0'), mounter);
    expect(binds.pop()).toBe(join(folder, 'x/y'));
  });

  it('does not leave the volume through a link', async () => {
    mkdirSync(join(folder, 'v'));
    symlinkSync('/etc', join(folder, 'v', 'out'));
    await expect(bindSubPath(join(folder, 'v'), 'out', join(folder, 't'), mounter)).rejects.toThrow('not within');
    await expect(bindSubPath(join(folder, 'v'), 'out/new', join(folder, 't'), mounter)).rejects.toThrow('not within');
  });
});

it('renews a token at 80 % of its life, and lives with the old one while the apiserver is away', async () => {
  const clock = fakeClock();
  let issued = 0;
  let away = false;
  const client = {
    createSubresource: async () => {
      if (away) throw new Error('away');
      const expirationTimestamp = new Date(clock.now() + 1000_000).toISOString();
      return { status: { token: `token-${++issued}`, expirationTimestamp } };
    },
  } as unknown as Client;
  const keeper = new TokenKeeper(client, clock, { ...seededRandom(1), next: () => 0 });
  const one = pod();
  const token = () => keeper.token(one, { audience: undefined, expirationSeconds: 1000 });
  expect(await token()).toBe('token-1');
  await clock.advance(799_000);
  expect(await token()).toBe('token-1');
  away = true;
  await clock.advance(2_000);
  expect(await token()).toBe('token-1');
  away = false;
  expect(await token()).toBe('token-2');
});

it.each(['RSA3072', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519'])(
  'shows that it holds a key of type %s',
  async (type) => {
    const { key, request } = stubRequest(type);
    expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----/);
    expect(await new Pkcs10CertificateRequest(request).verify(webcrypto as never)).toBe(true);
  },
);
