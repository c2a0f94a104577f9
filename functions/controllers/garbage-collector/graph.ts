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
  readonly resources: readonly Vertices[];
  readonly #byName: ReadonlyMap<string, Vertices>;
  readonly #byKind: ReadonlyMap<string, Vertices>;

  constructor(caches: Caches) {
    this.resources = collectable.map((type) => {
      const cache = caches.cache(type);
      cache.addIndex(BY_OWNER, ({ metadata }) => (metadata.ownerReferences ?? []).map(({ uid }) => uid));
      return { name: storageType(type), type, cache };
    });
    this.#byName = new Map(this.resources.map((vertices) => [vertices.name, vertices]));
    this.#byKind = kinds(this.#byName);
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
  ownerType(reference: OwnerReference): Vertices | undefined {
    return this.#byKind.get(`${reference.apiVersion.replace(/\/.*$|^v\d.*$/, '')}/${reference.kind}`);
  }

  dependents(uid: string): { vertices: Vertices; object: Stored<Meta> }[] {
    return this.resources.flatMap((vertices) =>
      vertices.cache.byIndex(BY_OWNER, uid).map((object) => ({ vertices, object })),
    );
  }

  hasDependents(uid: string): boolean {
    return this.resources.some(({ cache }) => cache.byIndex(BY_OWNER, uid).length > 0);
  }
}

function kinds(byName: ReadonlyMap<string, Vertices>): Map<string, Vertices> {
  const byKind = new Map<string, Vertices>();
  for (const info of builtinResources) {
    const vertices = byName.get(storageType(info));
    if (vertices) byKind.set(`${info.group}/${info.kind}`, vertices);
  }
  return byKind;
}
