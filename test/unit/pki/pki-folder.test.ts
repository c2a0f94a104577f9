import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CertificateRequest } from '../../../lib/pki/certificate.ts';
import { pkiFolder } from '../../../lib/pki/pki-folder.ts';
import { fakeClock } from '../../fakes/clock.ts';

const DAY_MS = 86_400_000;
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function setup() {
  const folder = mkdtempSync(join(tmpdir(), 'zeroplane-pki-'));
  folders.push(folder);
  const clock = fakeClock();
  return { folder, clock, pki: pkiFolder(folder, clock) };
}

const admin: CertificateRequest = {
  commonName: 'kubernetes-admin',
  organizations: ['system:masters'],
  usages: ['client'],
};
const server: CertificateRequest = {
  commonName: 'kube-apiserver',
  names: ['localhost', '127.0.0.1', 'kubernetes.default.svc'],
  usages: ['server'],
};

test('a certificate carries its subject, its names and its authority’s signature', async () => {
  const { pki } = setup();
  const authority = await pki.authority('ca', 'kubernetes');
  const made = new X509Certificate((await pki.certificate(authority, 'apiserver', server)).certificate);
  expect(made.verify(new X509Certificate(authority.certificate).publicKey)).toBe(true);
  expect(made.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(made.checkHost('kubernetes.default.svc')).toBe('kubernetes.default.svc');
  const client = new X509Certificate((await pki.certificate(authority, 'admin', admin)).certificate);
  expect(client.subject).toBe('O=system:masters\nCN=kubernetes-admin');
  expect(client.ca).toBe(false);
});

test('what is there and fits is kept, files of keys are the owner’s alone', async () => {
  const { pki, folder } = setup();
  const authority = await pki.authority('ca', 'kubernetes');
  const first = await pki.certificate(authority, 'admin', admin);
  const again = await pki.certificate(await pki.authority('ca', 'kubernetes'), 'admin', admin);
  expect(again).toEqual(first);
  expect(pki.signingKey('sa')).toEqual(pki.signingKey('sa'));
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.key'))) {
    expect(statSync(join(folder, name)).mode & 0o077).toBe(0);
  }
});

test('a certificate is renewed near its end, but not before', async () => {
  const { pki, clock } = setup();
  const authority = await pki.authority('ca', 'kubernetes');
  const first = await pki.certificate(authority, 'admin', admin);
  await clock.advance(200 * DAY_MS);
  expect(await pki.certificate(authority, 'admin', admin)).toEqual(first);
  await clock.advance(100 * DAY_MS);
  expect(await pki.certificate(authority, 'admin', admin)).not.toEqual(first);
});

test('a certificate that lacks a name or has another authority is made again', async () => {
  const { pki } = setup();
  const authority = await pki.authority('ca', 'kubernetes');
  const first = await pki.certificate(authority, 'apiserver', server);
  const more = { ...server, names: [...server.names!, '192.168.7.1'] };
  const second = await pki.certificate(authority, 'apiserver', more);
  expect(second).not.toEqual(first);
  const other = await pki.authority('other', 'kubernetes');
  expect(await pki.certificate(other, 'apiserver', more)).not.toEqual(second);
});
