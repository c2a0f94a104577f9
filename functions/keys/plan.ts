import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { KEYS, type KeyRing, type SigningKey } from '../../lib/cloud/aws/key-parameters.ts';
import { AUTHORITY_MS, type KeyPair } from '../../lib/pki/certificate.ts';
import { issueAuthority, issueCertificate } from '../../lib/pki/issue.ts';

/** Tokens live for a year at most (kube-apiserver's bound for legacy ones); older keys than so many are forgotten. */
const MAX_PREVIOUS_KEYS = 4;
const SECRET_KEY_BYTES = 32;

/** A value says under which rotation it was made, so that a repeated request rotates once. */
interface Rotated {
  rotation: string;
}

/**
 * What must be written so that every key is there and of this rotation. Keys that others hold certificates or data of are never replaced:
 * the authorities stay, a signing key stays as one that signed before, an encryption key stays in the ring.
 */
export async function planKeys(
  stored: ReadonlyMap<string, string>,
  rotation: string,
  now: number,
): Promise<Map<string, string>> {
  const writes = new Map<string, string>();
  const authority = await ensureAuthority(stored, writes, KEYS.authority, 'kubernetes', now);
  await ensureAuthority(stored, writes, KEYS.frontProxyAuthority, 'front-proxy-ca', now);
  const rotated = async <T extends object>(name: string, make: (old: T | undefined) => T | Promise<T>) => {
    const old: (T & Rotated) | undefined = parsed(stored.get(name));
    if (old?.rotation !== rotation) writes.set(name, JSON.stringify({ ...(await make(old)), rotation }));
  };
  await rotated<SigningKey>(KEYS.serviceAccount, nextSigningKey);
  await rotated<KeyRing>(KEYS.secrets, nextKeyRing);
  await rotated<KeyPair>(KEYS.kubeletClient, () => kubeletClient(authority, now));
  return writes;
}

async function ensureAuthority(
  stored: ReadonlyMap<string, string>,
  writes: Map<string, string>,
  name: string,
  commonName: string,
  now: number,
): Promise<KeyPair> {
  const known: KeyPair | undefined = parsed(stored.get(name));
  const pair = known ?? (await issueAuthority(commonName, now));
  if (!known) writes.set(name, JSON.stringify(pair));
  // Public, for those who may read nothing else.
  if (stored.get(`${name}.crt`) !== pair.certificate) writes.set(`${name}.crt`, pair.certificate);
  return pair;
}

function nextSigningKey(old: SigningKey | undefined): SigningKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const previous = old ? [publicOf(old.key), ...old.previous].slice(0, MAX_PREVIOUS_KEYS) : [];
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, previous };
}

function publicOf(key: string): string {
  return createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string;
}

/** A key is dropped by nobody: what it encrypted may still be stored. */
function nextKeyRing(old: KeyRing | undefined): KeyRing {
  const keys = old?.keys ?? [];
  const secret = randomBytes(SECRET_KEY_BYTES).toString('base64');
  return { keys: [{ name: `key${keys.length + 1}`, secret }, ...keys] };
}

/** As long as its authority: nobody would renew it in a cluster that is deployed once. */
function kubeletClient(authority: KeyPair, now: number): Promise<KeyPair> {
  return issueCertificate(
    authority,
    {
      commonName: 'kube-apiserver-kubelet-client',
      organizations: ['system:masters'],
      usages: ['client'],
      validForMs: AUTHORITY_MS,
    },
    now,
  );
}

function parsed<T>(text: string | undefined): T | undefined {
  return text === undefined ? undefined : JSON.parse(text);
}
