import type { Verb } from '../call.ts';
import { get } from '../get.ts';
import type { ResourceType } from '../resource-table.ts';
import { approval } from './approval.ts';
import { binding } from './binding.ts';
import { ephemeralContainers } from './ephemeralcontainers.ts';
import { eviction } from './eviction.ts';
import { finalize } from './finalize.ts';
import { resize } from './resize.ts';
import { scale } from './scale.ts';
import { status } from './status.ts';
import { token } from './token.ts';

type Verbs = Readonly<Record<string, Verb>>;

/** Subresources that every kind serves alike; what is `get` of them is the object itself. */
const SUBRESOURCES: Readonly<Record<string, Verbs>> = {
  status: { get, ...status },
  scale,
  binding,
  eviction,
  ephemeralcontainers: { get, ...ephemeralContainers },
  resize: { get, ...resize },
  approval: { get, ...approval },
  finalize,
  token,
};

export function subresourceVerb(type: ResourceType, name: string, verb: string): Verb | undefined {
  const info = type.subresources.get(name);
  return info?.verbs.includes(verb) ? SUBRESOURCES[name]?.[verb] : undefined;
}
