import { lightResponse } from '../../../lib/runtime/light-response.ts';
import type { Server } from '../dependencies.ts';

const HEADERS = {
  'content-type': 'text/plain; charset=utf-8',
  'cache-control': 'no-cache, private',
  'x-content-type-options': 'nosniff',
};

type Check = () => void | Promise<void>;

/** /healthz, /livez, /readyz and each check below them. Source: k8s.io/apiserver/pkg/server/healthz. */
export async function health(server: Server, path: string, query: URLSearchParams): Promise<Response | undefined> {
  const [, root, name, ...rest] = path.split('/');
  if (!root || !['healthz', 'livez', 'readyz'].includes(root) || rest.length > 0) return undefined;
  const checks = checksOf(server);
  if (name) return one(checks.get(name), name);
  return all(checks, root, query);
}

function checksOf(server: Server): Map<string, Check> {
  return new Map<string, Check>([
    ['ping', () => undefined],
    ['storage', () => server.store.revision('namespaces/').then(() => undefined)],
    ...(server.checks ?? []),
  ]);
}

async function one(check: Check | undefined, name: string): Promise<Response | undefined> {
  if (!check) return undefined;
  const failure = await failureOf(check);
  if (failure === undefined) return lightResponse(200, HEADERS, Buffer.from('ok'));
  return lightResponse(500, HEADERS, Buffer.from(`internal server error: ${name}: ${failure}\n`));
}

async function all(checks: Map<string, Check>, root: string, query: URLSearchParams): Promise<Response> {
  const excluded = new Set(query.getAll('exclude'));
  const lines: string[] = [];
  let failed = false;
  for (const [name, check] of checks) {
    if (excluded.delete(name)) lines.push(`[+]${name} excluded: ok`);
    else if ((await failureOf(check)) === undefined) lines.push(`[+]${name} ok`);
    else {
      failed = true;
      lines.push(`[-]${name} failed: reason withheld`);
    }
  }
  if (excluded.size) {
    const names = [...excluded].map((name) => JSON.stringify(name)).join(', ');
    lines.push(`warn: some health checks cannot be excluded: no matches for ${names}`);
  }
  if (failed) return lightResponse(500, HEADERS, Buffer.from(`${lines.join('\n')}\n${root} check failed\n`));
  const text = query.has('verbose') ? `${lines.join('\n')}\n${root} check passed\n` : 'ok';
  return lightResponse(200, HEADERS, Buffer.from(text));
}

async function failureOf(check: Check): Promise<string | undefined> {
  try {
    await check();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
