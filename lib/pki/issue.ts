import 'reflect-metadata';
import { createPrivateKey } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { AUTHORITY_MS, CERTIFICATE_MS, type CertificateRequest, type KeyPair } from './certificate.ts';
import { ALGORITHM, cryptoKey, generateKeys, keyPem } from './keys.ts';

/** Loading the library takes as long as a control plane's start: import this file only when a certificate must be made. */

/** Clocks of a cluster's machines may differ a little. */
const BACKDATE_MS = 5 * 60_000;

export async function issueAuthority(commonName: string, now: number): Promise<KeyPair> {
  const keys = generateKeys();
  const subject = [{ CN: [commonName] }];
  const certificate = await X509CertificateGenerator.create({
    ...validity(now, AUTHORITY_MS),
    subject,
    issuer: subject,
    publicKey: await cryptoKey(keys.publicKey, 'verify'),
    signingKey: await cryptoKey(keys.privateKey, 'sign'),
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(await cryptoKey(keys.publicKey, 'verify')),
    ],
  });
  return { certificate: pemOf(certificate), key: keyPem(keys.privateKey) };
}

export async function issueCertificate(authority: KeyPair, request: CertificateRequest, now: number): Promise<KeyPair> {
  const issuer = new X509Certificate(authority.certificate);
  const keys = generateKeys();
  const certificate = await X509CertificateGenerator.create({
    ...validity(now, request.validForMs ?? CERTIFICATE_MS),
    subject: subjectOf(request),
    issuer: issuer.subject,
    publicKey: await cryptoKey(keys.publicKey, 'verify'),
    signingKey: await cryptoKey(createPrivateKey(authority.key), 'sign'),
    signingAlgorithm: ALGORITHM,
    extensions: [...extensions(request), await AuthorityKeyIdentifierExtension.create(issuer, false)],
  });
  return { certificate: pemOf(certificate), key: keyPem(keys.privateKey) };
}

function extensions({ usages, names = [] }: CertificateRequest): Extension[] {
  const purposes = usages.map((usage) =>
    usage === 'client' ? ExtendedKeyUsage.clientAuth : ExtendedKeyUsage.serverAuth,
  );
  const list: Extension[] = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension(purposes),
  ];
  const alternatives = names.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value }));
  if (alternatives.length > 0) list.push(new SubjectAlternativeNameExtension(alternatives));
  return list;
}

function subjectOf({ commonName, organizations = [] }: CertificateRequest) {
  return [...organizations.map((O) => ({ O: [O] })), { CN: [commonName] }];
}

function validity(now: number, forMs: number) {
  return { notBefore: new Date(now - BACKDATE_MS), notAfter: new Date(now + forMs) };
}

function pemOf(certificate: X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}
