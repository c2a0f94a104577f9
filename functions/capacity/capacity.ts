import type { Controller } from '../../lib/client/controller.ts';
import type { Instances } from '../../lib/cloud/instances.ts';
import type { ControllerDependencies } from '../controllers/dependencies.ts';
import { createConsolidation } from './consolidation.ts';
import { createNodeClaims } from './node-claims.ts';
import { createNodeInitialization } from './node-initialization.ts';
import { createProvisioning } from './provisioning.ts';
import { SoldOutOfferings } from './sold-out.ts';

/** Machines for pods that fit nowhere, and the end of those that nobody needs. */
export function createCapacity(dependencies: ControllerDependencies, instances: Instances): Controller[] {
  const soldOut = new SoldOutOfferings(dependencies.clock);
  return [
    createProvisioning(dependencies, instances, soldOut),
    createNodeInitialization(dependencies, instances),
    createNodeClaims(dependencies, instances, soldOut),
    createConsolidation(dependencies),
  ];
}
