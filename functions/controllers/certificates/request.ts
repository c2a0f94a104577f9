import type { Stored } from '../../../lib/api/object.ts';
import type { CertificateSigningRequest } from '../../../lib/api/types.ts';
import type { RequestContent } from '../../../lib/pki/request.ts';

export type Request = Stored<CertificateSigningRequest>;

export function hasCondition({ status }: CertificateSigningRequest, ...types: string[]): boolean {
  return status?.conditions?.some(({ type }) => types.includes(type)) ?? false;
}

export function isIssued({ status }: CertificateSigningRequest): boolean {
  return (status?.certificate ?? '') !== '';
}

/** Neither decided nor issued. */
export function isPending(request: CertificateSigningRequest): boolean {
  return !isIssued(request) && !hasCondition(request, 'Approved', 'Denied');
}

export function pemOf({ spec }: CertificateSigningRequest): string {
  return Buffer.from(spec.request ?? '', 'base64').toString();
}

/** Undefined: it is no request. It cannot change, so nobody has to look at it again. */
export async function contentOf(request: CertificateSigningRequest): Promise<RequestContent | undefined> {
  // Loaded when first needed: most clusters see a request seldom.
  const { parseRequest } = await import('../../../lib/pki/request.ts');
  try {
    return parseRequest(pemOf(request));
  } catch {
    return undefined;
  }
}

/** With the decision that a controller takes, as kube-controller-manager words it. */
export function approved(request: Request, message: string): Request {
  const condition = { type: 'Approved', status: 'True', reason: 'AutoApproved', message };
  return { ...request, status: { ...request.status, conditions: [...(request.status?.conditions ?? []), condition] } };
}
