import { once } from 'node:events';
import { HttpError } from './http-error.ts';
import { logContainerId } from './logs/log-container.ts';
import { type LogOptions, logOptions } from './logs/options.ts';
import { type LogSource, readLog } from './logs/read.ts';
import { findPod, hasContainer } from './pod-lookup.ts';
import type { Call } from './routes.ts';
import type { ServerContext } from './server.ts';

/** GET /containerLogs/NAMESPACE/POD/CONTAINER */
export async function containerLogs({ context, response, url, path }: Call): Promise<void> {
  const { source, options } = await openLog(context, path, url.searchParams);
  const left = new AbortController();
  response.once('close', () => left.abort());
  response.writeHead(200, { 'content-type': 'text/plain' });
  // Whoever follows a silent container learns at once that it is there.
  response.flushHeaders();
  for await (const piece of readLog(source, options, context.clock, left.signal)) {
    if (!response.write(piece) && !left.signal.aborted)
      await once(response, 'drain', { signal: left.signal }).catch(ignoreAbort);
  }
  response.end();
}

/** The log that is asked for by NAMESPACE, POD and CONTAINER; or why there is none. */
export async function openLog(
  context: ServerContext,
  [namespace = '', podName = '', container = '']: readonly string[],
  query: URLSearchParams,
): Promise<{ source: LogSource; options: LogOptions }> {
  const options = logOptions(query, context.clock.now());
  const pod = findPod(context, namespace, podName);
  if (!pod) throw new HttpError(404, `pod "${podName}" does not exist`);
  if (!hasContainer(pod, container)) throw new HttpError(404, `container "${container}" not found in pod "${podName}"`);
  const id = logContainerId(pod, container, options.previous);
  const status = await context.runtime.containerStatus(id);
  if (!status) throw new HttpError(400, `unable to retrieve container logs for containerd://${id}`);
  const running = async () => (await context.runtime.containerStatus(id))?.state === 'RUNNING';
  return { source: { path: status.logPath, running }, options };
}

function ignoreAbort(error: Error): void {
  if (error.name !== 'AbortError') throw error;
}
