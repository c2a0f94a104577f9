import { keyOf, type Stored } from '../../../lib/api/object.ts';
import { builtinResources, storageType } from '../../../lib/api/resources.ts';
import type { OwnerReference } from '../../../lib/api/types.ts';
import type { Cache, Caches } from '../../../lib/client/controller.ts';
import type { ResourceType } from '../../../lib/client/resource-type.ts';
import { collectable, type Meta } from '../collectable.ts';

/** One resource of the graph of owners. */
export interface Vertices {
  /** `deployments.apps` */
  readonly name: string;
  readonly type: ResourceType<Meta>;
  readonly cache: Cache<Meta>;
}

const BY_OWNER = 'owner-uid';

/** Who owns whom, read from metadata-only caches of every resource that can be collected. Events own and are owned by nobody that matters. */
export class OwnerGraph {
  readonly #caches: Caches;
  readonly #byName = new Map<string, Vertices>();
  /** `apps/Deployment` */
  readonly #byKind = new Map<string, Vertices>();

  constructor(caches: Caches) {
    this.#caches = caches;
    for (const type of collectable) this.add(type);
    // The same kind may be served from another group too.
    for (const { group, resource, kind } of builtinResources) {
      const vertices = this.#byName.get(storageType({ group, resource }));
      if (vertices) this.#byKind.set(`${group}/${kind}`, vertices);
    }
  }

  get resources(): readonly Vertices[] {
    return [...this.#byName.values()];
  }

  /** Undefined: known already. */
  add(type: ResourceType<Meta>): Vertices | undefined {
    const name = storageType(type);
    if (this.#byName.has(name)) return undefined;
    const cache = this.#caches.cache(type);
    cache.addIndex(BY_OWNER, ({ metadata }) => (metadata.ownerReferences ?? []).map(({ uid }) => uid));
    const vertices = { name, type, cache };
    this.#byName.set(name, vertices);
    this.#byKind.set(`${type.group}/${type.kind}`, vertices);
    return vertices;
  }

  /** `deployments.apps!default/web` */
  keyOf({ name }: Vertices, object: Stored<Meta>): string {
    return `${name}!${keyOf(object)}`;
  }

  find(key: string): { vertices: Vertices; object: Stored<Meta> | undefined } | undefined {
    const mark = key.indexOf('!');
    const vertices = this.#byName.get(key.slice(0, mark));
    return vertices && { vertices, object: vertices.cache.get(key.slice(mark + 1)) };
  }

  /** The resource that a reference's kind is served as. */
  ownerType({ apiVersion, kind }: OwnerReference): Vertices | undefined {
    const slash = apiVersion.indexOf('/');
    return this.#byKind.get(`${slash < 0 ? '' : apiVersion.slice(0, slash)}/${kind}`);
  }

  dependents(uid: string): { vertices: Vertices; object: Stored<Meta> }[] {
    return this.resources.flatMap((vertices) =>
      vertices.cache.byIndex(BY_OWNER, uid).map((object) => ({ vertices, object })),
    );
  }
}
