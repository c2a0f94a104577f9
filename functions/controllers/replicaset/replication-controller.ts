import { fromLabelSet, nothing } from '../../../lib/api/selectors.ts';
import type { ReplicationController } from '../../../lib/api/types.ts';
import type { Controller } from '../../../lib/client/controller.ts';
import { pods, type ResourceType, replicationControllers } from '../../../lib/client/resource-type.ts';
import { type ControllerDependencies, hands } from '../dependencies.ts';
import { createReplicaController } from './replicas.ts';

/** The same controller over the older kind. */
type WithStatus = Omit<ReplicationController, 'status'> & { status?: NonNullable<ReplicationController['status']> };

export function createReplicationController(dependencies: ControllerDependencies): Controller {
  const type = replicationControllers as ResourceType<WithStatus>;
  return createReplicaController<WithStatus>(
    {
      name: 'replicationcontroller',
      type,
      countsTerminating: false,
      // No selector selects nothing, not everything.
      selector: ({ spec }) => (spec?.selector ? fromLabelSet(spec.selector) : nothing),
      spec: ({ spec }) => ({
        replicas: spec?.replicas ?? 1,
        minReadySeconds: spec?.minReadySeconds ?? 0,
        template: spec?.template ?? {},
      }),
      related: () => new Map(),
    },
    dependencies.caches.cache(type),
    dependencies.caches.cache(pods),
    hands(dependencies, 'replication-controller'),
  );
}
