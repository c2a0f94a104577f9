import type { KindRules } from '../contract.ts';
import { configMap } from './core/config-map.ts';
import { namespace } from './core/namespace.ts';
import { pod } from './core/pod.ts';
import { secret } from './core/secret.ts';
import { service } from './core/service.ts';

/** The special rules of every built-in kind, by `group/resource`; the core group's by `/resource`. */
export const kindRules: ReadonlyMap<string, KindRules> = new Map<string, KindRules>([
  ['/configmaps', configMap],
  ['/namespaces', namespace],
  ['/pods', pod],
  ['/secrets', secret],
  ['/services', service],
]);
