import type { Container, HTTPGetAction } from '../../lib/api/types.ts';
import { explain, get, type HttpAnswer, httpGetUrl } from './http.ts';
import type { Outcome } from './run-probe.ts';

const USER_AGENT = 'kube-probe/1.37';
/** Source: net/http's limit, which pkg/probe/http keeps. */
const MAX_REDIRECTS = 10;

/** Any answer from 200 to 399 will do. Source: pkg/probe/http DoHTTPProbe. */
export async function httpGetProbe(
  action: HTTPGetAction,
  container: Container,
  podIP: string,
  timeoutMs: number,
): Promise<Outcome> {
  const url = httpGetUrl(action, container, podIP);
  try {
    const { answer, left } = await follow(url, action, timeoutMs);
    if (left)
      return { result: 'success', output: `Probe terminated redirects, Response body: ${answer.body}`, warning: true };
    if (answer.status >= 200 && answer.status < 400) return { result: 'success', output: answer.body };
    return { result: 'failure', output: `HTTP probe failed with statuscode: ${answer.status}` };
  } catch (error) {
    return { result: 'failure', output: explain(url, error as NodeJS.ErrnoException) };
  }
}

/** Redirects are followed on the same host only; `left`: one led away. */
async function follow(start: URL, { httpHeaders }: HTTPGetAction, timeoutMs: number) {
  let url = start;
  for (let hops = 0; hops < MAX_REDIRECTS; hops++) {
    const answer = await get(url, { headers: httpHeaders, userAgent: USER_AGENT, timeoutMs });
    if (!isRedirect(answer)) return { answer, left: false };
    const next = new URL(answer.location!, url);
    if (next.hostname !== start.hostname) return { answer, left: true };
    url = next;
  }
  throw new Error(`stopped after ${MAX_REDIRECTS} redirects`);
}

const isRedirect = ({ status, location }: HttpAnswer) => status >= 300 && status < 400 && location !== undefined;
