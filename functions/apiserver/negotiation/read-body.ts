import { StatusError } from '../../../lib/api/status.ts';
import { bytesOf } from '../../../lib/runtime/light-response.ts';

/** kube-apiserver's limit on a request's body. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;

export async function readBody(request: Request): Promise<Uint8Array> {
  const bytes = await bytesOf(request);
  if (bytes.byteLength > MAX_BODY_BYTES) throw entityTooLarge();
  return bytes;
}

export function entityTooLarge(): StatusError {
  return new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${MAX_BODY_BYTES}`);
}
