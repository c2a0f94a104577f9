import type { Verb } from '../call.ts';
import { get } from '../get.ts';
import type { ResourceType } from '../resource-table.ts';
import { binding } from './binding.ts';
import { eviction } from './eviction.ts';
import { ruledBy } from './restricted.ts';
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
  ephemeralcontainers: { get, ...ruledBy('ephemeralcontainers') },
  resize: { get, ...ruledBy('resize') },
  approval: { get, ...ruledBy('approval') },
  finalize: ruledBy('finalize'),
  token,
};

export function subresourceVerb(type: ResourceType, name: string, verb: string): Verb | undefined {
  const info = type.subresources.get(name);
  return info?.verbs.includes(verb) ? SUBRESOURCES[name]?.[verb] : undefined;
}
