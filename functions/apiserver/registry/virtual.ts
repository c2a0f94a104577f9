import { methodNotAllowed } from '../method-not-allowed.ts';
import type { Answer, Call } from './call.ts';
import { matchNamespace, withMeta } from './metadata.ts';
import { writeOptions } from './options.ts';
import { readObject } from './read-object.ts';
import { createBinding } from './subresources/binding.ts';

/** Resources that are answered at once and never stored: reviews, and the old form of a binding. */
export async function createVirtual(call: Call): Promise<Answer> {
  const { info, user, server } = call;
  if (info.resource === 'bindings') return createBinding(call);
  const answerer = server.virtual?.get(`${info.group}/${info.resource}`);
  if (!answerer) throw methodNotAllowed();
  const object = withMeta(await readObject(call, writeOptions(call, 'CreateOptions')));
  matchNamespace(call, object.metadata);
  return { status: 201, object: await answerer(object, { user, info }) };
}

/** A resource without `get` has nothing to read back. */
export function isVirtual({ verbs }: { verbs: readonly string[] }): boolean {
  return !verbs.includes('get');
}
