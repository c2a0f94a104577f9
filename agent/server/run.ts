import { HttpError } from './http-error.ts';
import { findContainer, findPod } from './pod-lookup.ts';
import type { Call } from './routes.ts';

/** POST /run/NAMESPACE/POD[/UID]/CONTAINER?cmd=: runs a command and answers with its output. */
export async function run({ context, response, url, path }: Call): Promise<void> {
  const [namespace = '', podName = ''] = path;
  const pod = findPod(context, namespace, podName);
  if (!pod) throw new HttpError(404, 'pod does not exist');
  const container = await findContainer(context, pod, path.at(-1) ?? '');
  const command = (url.searchParams.get('cmd') ?? '').split(' ');
  const { stdout, stderr, exitCode } = await context.runtime.execSync(container.id, command, 0);
  if (exitCode !== 0)
    throw new HttpError(500, `command '${command.join(' ')}' exited with ${exitCode}: ${Buffer.from(stderr)}`);
  response.writeHead(200, { 'content-type': 'text/plain' }).end(Buffer.concat([stdout, stderr]));
}
