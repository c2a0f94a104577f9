import { StatusError } from '../../lib/api/status.ts';
import type { ContentSource } from './sources.ts';

/** The oldest are forgotten first: a node has some hundred pods with a few references each. */
const MAX_KNOWN = 1000;
const TOO_MANY_REQUESTS = 429;
const SERVER_FAULT = 500;

/**
 * While the apiserver does not answer, what it said last: a container that ends must start again although nobody can be asked.
 * kubelet serves such content from its watches. Source: pkg/kubelet/util/manager.
 */
export function lastKnown(content: ContentSource): ContentSource {
  const known = new Map<string, unknown>();
  const remember = async <T>(key: string, read: () => Promise<T>): Promise<T> => {
    try {
      const value = await read();
      known.delete(key);
      known.set(key, value);
      if (known.size > MAX_KNOWN) known.delete(known.keys().next().value!);
      return value;
    } catch (error) {
      if (known.has(key) && isSilence(error)) return known.get(key) as T;
      throw error;
    }
  };
  return {
    ...content,
    configMap: (namespace, name) =>
      remember(`configmap/${namespace}/${name}`, () => content.configMap(namespace, name)),
    secret: (namespace, name) => remember(`secret/${namespace}/${name}`, () => content.secret(namespace, name)),
    trustBundles: () => remember('trustbundles', () => content.trustBundles()),
  };
}

/** Not an answer: overload, or a server or gateway that fails. */
function isSilence(error: unknown): boolean {
  return error instanceof StatusError && (error.code === TOO_MANY_REQUESTS || error.code >= SERVER_FAULT);
}
