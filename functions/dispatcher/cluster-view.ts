import { FOLLOWS_ANNOTATION, QUEUE_ANNOTATION } from '../../lib/api/annotations.ts';
import { keyOf } from '../../lib/api/object.ts';
import { podReferences } from '../../lib/api/pod-references.ts';

/** What a node is told of. */
export interface NodeView {
  queueUrl: string | undefined;
  /** Resources of which somebody there watches all objects: `pods`, `deployments` (their plural names are enough). */
  follows: ReadonlySet<string>;
}

interface PodView {
  node: string;
  /** `secrets/default/name` */
  references: readonly string[];
}

/** Which nodes there are, and what the pods on them use. Fed change by change; keeps no objects. */
export class ClusterView {
  readonly #nodes = new Map<string, NodeView>();
  readonly #pods = new Map<string, PodView>();
  /** By reference: how many pods of each node use it. */
  readonly #users = new Map<string, Map<string, number>>();

  clear(): void {
    this.#nodes.clear();
    this.#pods.clear();
    this.#users.clear();
  }

  nodes(): Iterable<[string, NodeView]> {
    return this.#nodes;
  }

  node(name: string): NodeView | undefined {
    return this.#nodes.get(name);
  }

  setNode(name: string, node: any): void {
    if (!node) {
      this.#nodes.delete(name);
      return;
    }
    const annotations = node.metadata.annotations ?? {};
    const follows = new Set<string>((annotations[FOLLOWS_ANNOTATION] ?? '').split(',').filter(Boolean));
    this.#nodes.set(name, { queueUrl: annotations[QUEUE_ANNOTATION], follows });
  }

  setPod(key: string, pod: any): void {
    this.#count(this.#pods.get(key), -1);
    this.#pods.delete(key);
    if (!pod?.spec?.nodeName) return;
    const references = [...podReferences(pod)].map((reference) => inNamespace(reference, pod.metadata.namespace));
    const view = { node: pod.spec.nodeName, references };
    this.#pods.set(keyOf(pod), view);
    this.#count(view, 1);
  }

  /** Nodes on which a pod uses the object. */
  users(storage: string, namespace: string, name: string): Iterable<string> {
    return this.#users.get(`${storage}/${namespace}/${name}`)?.keys() ?? [];
  }

  #count(pod: PodView | undefined, by: number): void {
    for (const reference of pod?.references ?? []) {
      const nodes = this.#users.get(reference) ?? new Map<string, number>();
      const count = (nodes.get(pod!.node) ?? 0) + by;
      if (count > 0) nodes.set(pod!.node, count);
      else nodes.delete(pod!.node);
      if (nodes.size > 0) this.#users.set(reference, nodes);
      else this.#users.delete(reference);
    }
  }
}

/** `secrets/name` → `secrets/default/name` */
function inNamespace(reference: string, namespace: string): string {
  const slash = reference.indexOf('/');
  return `${reference.slice(0, slash)}/${namespace}${reference.slice(slash)}`;
}
