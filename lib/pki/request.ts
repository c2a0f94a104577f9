import 'reflect-metadata';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { isIP } from 'node:net';
import {
  type GeneralNameType,
  Pkcs10CertificateRequest,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
} from '@peculiar/x509';
import { ALGORITHM, cryptoKey, generateKeys, keyPem } from './keys.ts';

/** Loads the X.509 library, which takes long: import this file only when a request is at hand. */

/** What a PKCS#10 request asks for. */
export interface RequestContent {
  commonName: string;
  organizations: string[];
  dnsNames: string[];
  ipAddresses: string[];
  emailAddresses: string[];
  uris: string[];
}

const TYPE = 'CERTIFICATE REQUEST';

/** Throws when it is none. Source: ParseCSR in k8s.io/kubernetes/pkg/apis/certificates/helpers.go. */
export function parseRequest(pem: string): RequestContent {
  const request = decodeRequest(pem);
  const names = alternativeNames(request);
  const of = (type: string) => names.filter((name) => name.type === type).map(({ value }) => value);
  return {
    commonName: request.subjectName.getField('CN')[0] ?? '',
    organizations: request.subjectName.getField('O'),
    dnsNames: of('dns'),
    ipAddresses: of('ip'),
    emailAddresses: of('email'),
    uris: of('url'),
  };
}

export function decodeRequest(pem: string): Pkcs10CertificateRequest {
  if (!pem.includes(`-----BEGIN ${TYPE}-----`)) throw new Error(`PEM block type must be ${TYPE}`);
  return new Pkcs10CertificateRequest(pem);
}

const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17';

/** `dns`, `ip`, `email`, `url` and others, as they stand in the request. */
export function alternativeNames(request: Pkcs10CertificateRequest): { type: GeneralNameType; value: string }[] {
  const extension = request.getExtension(SUBJECT_ALTERNATIVE_NAME);
  if (!extension) return [];
  const { items } = new SubjectAlternativeNameExtension(extension.rawData).names;
  return items.map(({ type, value }) => ({ type, value }));
}

export interface RequestOptions {
  commonName: string;
  organizations?: readonly string[];
  /** DNS names and IP addresses. */
  names?: readonly string[];
  /** PEM. Absent: a new one is made. */
  key?: string;
}

/** A request, PEM, and the key that it is for. */
export async function createRequest(options: RequestOptions): Promise<{ request: string; key: string }> {
  const privateKey = options.key ? createPrivateKey(options.key) : generateKeys().privateKey;
  const publicKey = createPublicKey(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const { commonName, organizations = [], names = [] } = options;
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: [...organizations.map((O) => ({ O: [O] })), { CN: [commonName] }],
    keys: { privateKey: await cryptoKey(privateKey, 'sign'), publicKey: await cryptoKey(publicKey, 'verify') },
    signingAlgorithm: ALGORITHM,
    extensions: names.length > 0 ? [new SubjectAlternativeNameExtension(names.map(alternative))] : [],
  });
  return { request: `${request.toString('pem')}\n`, key: keyPem(privateKey) };
}

function alternative(value: string) {
  return { type: isIP(value) ? ('ip' as const) : ('dns' as const), value };
}
