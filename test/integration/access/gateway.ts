import type { Transport } from '../../../lib/client/client.ts';
import { bytesOf, lightResponse } from '../../../lib/runtime/light-response.ts';

/** API Gateway's integration timeout, and Lambda's limit of an answer. */
const TIMEOUT_MS = 29_000;
const MAX_ANSWER_BYTES = 6 * 1024 * 1024;

export interface Gateway {
  transport: Transport;
  /** Requests under way now, and at most at once since `reset`. */
  open(): number;
  most(): number;
  asked(): number;
  reset(): void;
}

/** Passes on what API Gateway without streaming would: whole bodies within its time and size. No connection outlives its answer. */
export function bufferedGateway(upstream: Transport): Gateway {
  let open = 0;
  let most = 0;
  let asked = 0;
  const transport: Transport = async (request) => {
    most = Math.max(most, ++open);
    asked++;
    const { method, url, headers } = request;
    if (headers.has('upgrade')) throw new Error('a gateway passes on no upgrade');
    const signal = AbortSignal.any([request.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    try {
      const body = request.body ? await bytesOf(request) : undefined;
      const init = { method, headers: headers as never, signal, ...(body && { body }) };
      const response = await upstream(new Request(url, init as RequestInit));
      const bytes = await bytesOf(response);
      if (bytes.byteLength > MAX_ANSWER_BYTES)
        return Response.json({ message: 'Internal server error' }, { status: 502 });
      return lightResponse(response.status, Object.fromEntries(response.headers), bytes);
    } catch (error) {
      if (request.signal.aborted || !signal.aborted) throw error;
      return Response.json({ message: 'Endpoint request timed out' }, { status: 504 });
    } finally {
      open--;
    }
  };
  return {
    transport,
    open: () => open,
    most: () => most,
    asked: () => asked,
    reset() {
      most = open;
      asked = 0;
    },
  };
}
