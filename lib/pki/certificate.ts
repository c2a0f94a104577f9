import { X509Certificate } from 'node:crypto';

/** A certificate and its private key, both PEM. */
export interface KeyPair {
  certificate: string;
  key: string;
}

/** What a certificate says. */
export interface CertificateRequest {
  commonName: string;
  /** Kubernetes reads them as groups. */
  organizations?: readonly string[];
  /** DNS names and IP addresses it serves. */
  names?: readonly string[];
  usages: readonly ('client' | 'server')[];
  /** Default: a year. */
  validForMs?: number;
}

const DAY_MS = 24 * 60 * 60_000;

/** kubeadm's: ten years for authorities, one year for what they sign. */
export const AUTHORITY_MS = 3650 * DAY_MS;
export const CERTIFICATE_MS = 365 * DAY_MS;

/** A machine that is started once a month must not meet an expired certificate. */
export const RENEW_BEFORE_MS = 90 * DAY_MS;

/** Whether it no longer fits: it ends soon, another authority signed it, or it lacks a name. */
export function needsRenewal(pem: string, authorityPem: string, names: readonly string[], now: number): boolean {
  const certificate = new X509Certificate(pem);
  if (Date.parse(certificate.validTo) - now < RENEW_BEFORE_MS) return true;
  if (!certificate.verify(new X509Certificate(authorityPem).publicKey)) return true;
  const served = new Set((certificate.subjectAltName ?? '').split(', ').map((name) => name.replace(/^[^:]*:/, '')));
  return names.some((name) => !served.has(name));
}
