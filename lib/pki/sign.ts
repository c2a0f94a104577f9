import 'reflect-metadata';
import { createPrivateKey } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsagesExtension,
  type Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { KeyPair } from './certificate.ts';
import { ALGORITHM, cryptoKey } from './keys.ts';
import { alternativeNames, decodeRequest } from './request.ts';
import { x509Usages } from './usages.ts';

/** Loads the X.509 library, which takes long: import this file only when a request is at hand. */

export interface SigningPolicy {
  usages: readonly string[];
  /** How long the certificate is to be good for. */
  ttlMs: number;
  /** Milliseconds since the epoch. */
  now: number;
}

const BACKDATE_MS = 5 * 60_000;
/** The end of a certificate that lives shorter is not backdated. */
const SHORT_MS = 8 * 3_600_000;
const FORWARDED = ['dns', 'ip', 'email', 'url'];

/**
 * The certificate, PEM, that a PKCS#10 request asks for: its subject and alternative names, none of its other extensions.
 * Source: PermissiveSigningPolicy in k8s.io/kubernetes/pkg/controller/certificates/authority.
 */
export async function signRequest(authority: KeyPair, pem: string, policy: SigningPolicy): Promise<string> {
  const request = decodeRequest(pem);
  if (!(await request.verify())) throw new Error('unable to verify certificate request signature');
  const issuer = new X509Certificate(authority.certificate);
  const certificate = await X509CertificateGenerator.create({
    ...validity(policy, issuer.notAfter.getTime()),
    subject: request.subjectName.toJSON(),
    issuer: issuer.subject,
    publicKey: request.publicKey,
    signingKey: await cryptoKey(createPrivateKey(authority.key), 'sign'),
    signingAlgorithm: ALGORITHM,
    extensions: [...extensions(request, policy.usages), await AuthorityKeyIdentifierExtension.create(issuer, false)],
  });
  return `${certificate.toString('pem')}\n`;
}

function validity({ ttlMs, now }: SigningPolicy, authorityEnds: number): { notBefore: Date; notAfter: Date } {
  if (now >= authorityEnds)
    throw new Error(`the signer has expired: NotAfter=${new Date(authorityEnds).toISOString()}`);
  const ends = ttlMs < SHORT_MS ? now + ttlMs : now + ttlMs - BACKDATE_MS;
  return { notBefore: new Date(now - BACKDATE_MS), notAfter: new Date(Math.min(ends, authorityEnds)) };
}

function extensions(request: Pkcs10CertificateRequest, usages: readonly string[]): Extension[] {
  const { keyUsages, extendedKeyUsages } = x509Usages(usages);
  const list: Extension[] = [new BasicConstraintsExtension(false, undefined, true)];
  if (keyUsages) list.push(new KeyUsagesExtension(keyUsages, true));
  if (extendedKeyUsages.length > 0) list.push(new ExtendedKeyUsageExtension(extendedKeyUsages));
  const forwarded = alternativeNames(request).filter(({ type }) => FORWARDED.includes(type));
  // RFC 5280, 4.2.1.6: critical where there is no subject.
  if (forwarded.length > 0) list.push(new SubjectAlternativeNameExtension(forwarded, request.subject === ''));
  return list;
}
