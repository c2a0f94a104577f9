import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../runtime/clock.ts';
import { type CertificateRequest, type KeyPair, needsRenewal } from './certificate.ts';

/** A folder of PEM files named as kubeadm names them. What is there and fits is kept. */
export interface PkiFolder {
  /** `NAME.crt` and `NAME.key`: made once, then the same for as long as the folder lives. */
  authority(name: string, commonName: string): Promise<KeyPair>;
  /** Made again when it ends soon, lacks a name, or was signed by another authority. */
  certificate(authority: KeyPair, name: string, request: CertificateRequest): Promise<KeyPair>;
  /** `NAME.key` and `NAME.pub`: signs ServiceAccount tokens. */
  signingKey(name: string): { key: string; publicKey: string };
}

export function pkiFolder(folder: string, clock: Clock): PkiFolder {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return {
    async authority(name, commonName) {
      const known = readPair(folder, name);
      if (known) return known;
      const { issueAuthority } = await import('./issue.ts');
      return writePair(folder, name, await issueAuthority(commonName, clock.now()));
    },
    async certificate(authority, name, request) {
      const known = readPair(folder, name);
      const names = request.names ?? [];
      if (known && !needsRenewal(known.certificate, authority.certificate, names, clock.now())) return known;
      const { issueCertificate } = await import('./issue.ts');
      return writePair(folder, name, await issueCertificate(authority, request, clock.now()));
    },
    signingKey(name) {
      const file = join(folder, `${name}.key`);
      if (!existsSync(file)) writeWhole(file, newKey(), 0o600);
      const key = readFileSync(file, 'utf8');
      const publicKey = createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string;
      writeWhole(join(folder, `${name}.pub`), publicKey, 0o644);
      return { key, publicKey };
    },
  };
}

function newKey(): string {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  }) as string;
}

function readPair(folder: string, name: string): KeyPair | undefined {
  const [certificate, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  if (!existsSync(certificate) || !existsSync(key)) return undefined;
  return { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') };
}

/** The certificate comes last: a crash between the two leaves no certificate, and both are made again. */
function writePair(folder: string, name: string, pair: KeyPair): KeyPair {
  writeWhole(join(folder, `${name}.key`), pair.key, 0o600);
  writeWhole(join(folder, `${name}.crt`), pair.certificate, 0o644);
  return pair;
}

function writeWhole(file: string, text: string, mode: number): void {
  writeFileSync(`${file}.new`, text, { mode });
  renameSync(`${file}.new`, file);
}
