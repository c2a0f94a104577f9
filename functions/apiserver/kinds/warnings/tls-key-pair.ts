import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { type PemBlock, pemBlocks } from '../certificates/pem.ts';

/** Why a TLS server could not use the pair. Source: X509KeyPair in Go's crypto/tls. */
export function keyPairFault(certificatePem: string, keyPem: string): string | undefined {
  const certificates = [...pemBlocks(certificatePem)];
  const certificate = certificates.find(({ type }) => type === 'CERTIFICATE');
  if (!certificate) return noCertificate(certificates.map(({ type }) => type));
  const keys = [...pemBlocks(keyPem)];
  const key = keys.find(({ type }) => isKey(type));
  if (!key) return noKey(keys.map(({ type }) => type));
  const [parsed, secret] = [parseCertificate(certificate), parseKey(key)];
  if (!parsed) return 'x509: malformed certificate';
  if (!secret) return 'tls: failed to parse private key';
  if (parsed.publicKey.asymmetricKeyType !== secret.asymmetricKeyType) {
    return 'tls: private key type does not match public key type';
  }
  return parsed.checkPrivateKey(secret) ? undefined : 'tls: private key does not match public key';
}

const isKey = (type: string) => type === 'PRIVATE KEY' || type.endsWith(' PRIVATE KEY');

function noCertificate(found: string[]): string {
  if (found.length === 0) return 'tls: failed to find any PEM data in certificate input';
  if (found.length === 1 && found[0]!.endsWith('PRIVATE KEY')) {
    return 'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched';
  }
  return `tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [${found.join(' ')}]`;
}

function noKey(found: string[]): string {
  if (found.length === 0) return 'tls: failed to find any PEM data in key input';
  if (found.length === 1 && found[0] === 'CERTIFICATE') {
    return 'tls: found a certificate rather than a key in the PEM for the private key';
  }
  return `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [${found.join(' ')}]`;
}

function parseCertificate({ body }: PemBlock): X509Certificate | undefined {
  try {
    return new X509Certificate(Buffer.from(body, 'base64'));
  } catch {
    return undefined;
  }
}

function parseKey({ type, body }: PemBlock): KeyObject | undefined {
  try {
    return createPrivateKey(`-----BEGIN ${type}-----\n${body}\n-----END ${type}-----\n`);
  } catch {
    return undefined;
  }
}
