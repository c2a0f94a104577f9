import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { HttpError } from './http-error.ts';

const ADMINISTRATORS = 'system:masters';
const APISERVER = 'kube-apiserver-kubelet-client';

/** Only the apiserver and administrators, by a certificate of the cluster's authority: everyone else goes through the apiserver. */
export function authenticate(socket: TLSSocket, request: IncomingMessage): void {
  if (!socket.authorized) throw new HttpError(401, 'Unauthorized');
  const { CN, O } = socket.getPeerCertificate().subject;
  const organizations: readonly string[] = [O ?? []].flat();
  if (organizations.includes(ADMINISTRATORS) || CN === APISERVER) return;
  const verb = (request.method ?? 'GET').toLowerCase();
  throw new HttpError(403, `Forbidden (user=${CN}, verb=${verb}, resource=nodes, subresource=[proxy])`);
}
