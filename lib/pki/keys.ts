import { generateKeyPairSync, type KeyObject, webcrypto } from 'node:crypto';

export const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export type CryptoKey = webcrypto.CryptoKey;

export function generateKeys(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

export function keyPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string;
}

export function cryptoKey(key: KeyObject, usage: 'sign' | 'verify'): Promise<CryptoKey> {
  const [format, type] = usage === 'sign' ? (['pkcs8', 'pkcs8'] as const) : (['spki', 'spki'] as const);
  const der = key.export({ format: 'der', type } as never) as unknown as Buffer;
  return webcrypto.subtle.importKey(format, new Uint8Array(der), ALGORITHM, true, [usage]);
}
