import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

export interface KeyAndRequest {
  /** PKCS#8, PEM. */
  key: string;
  /** PKCS#10, DER: shows that we hold the key, and says nothing else (KEP-4317). */
  request: Buffer;
}

interface KeyType {
  generate(): { publicKey: KeyObject; privateKey: KeyObject };
  digest: string | null;
  /** AlgorithmIdentifier, DER (RFC 4055, RFC 5758, RFC 8410). */
  algorithm: string;
}

const RSA_SHA256 = '300d06092a864886f70d01010b0500';
const rsa = (modulusLength: number): KeyType => ({
  generate: () => generateKeyPairSync('rsa', { modulusLength }),
  digest: 'sha256',
  algorithm: RSA_SHA256,
});
const ecdsa = (namedCurve: string, digest: string, arc: string): KeyType => ({
  generate: () => generateKeyPairSync('ec', { namedCurve }),
  digest,
  algorithm: `300a06082a8648ce3d0403${arc}`,
});

const KEY_TYPES: Readonly<Record<string, KeyType>> = {
  RSA3072: rsa(3072),
  RSA4096: rsa(4096),
  ECDSAP256: ecdsa('P-256', 'sha256', '02'),
  ECDSAP384: ecdsa('P-384', 'sha384', '03'),
  ECDSAP521: ecdsa('P-521', 'sha512', '04'),
  ED25519: { generate: () => generateKeyPairSync('ed25519'), digest: null, algorithm: '300506032b6570' },
};

/** RFC 2986: version 0, no subject, the public key, no attributes; signed. */
export function stubRequest(keyType: string): KeyAndRequest {
  const type = KEY_TYPES[keyType];
  if (!type) throw new Error(`unknown key type "${keyType}"`);
  const { publicKey, privateKey } = type.generate();
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const info = der(0x30, hex('020100'), hex('3000'), spki, hex('a000'));
  const signature = der(0x03, hex('00'), sign(type.digest, info, privateKey));
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { key, request: der(0x30, info, hex(type.algorithm), signature) };
}

const hex = (text: string) => Buffer.from(text, 'hex');

/** X.690: tag, length, content. */
function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag, ...lengthOf(content.length)]), content]);
}

function lengthOf(length: number): number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}
