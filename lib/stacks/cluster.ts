import { Annotations, type App, type Environment, Tags } from 'aws-cdk-lib';
import { ApiStack } from './api.ts';
import { ControllersStack } from './controllers.ts';
import type { Settings } from './settings.ts';
import { StorageStack } from './storage.ts';
import { WorkersStack } from './workers.ts';

export interface ClusterStacks {
  storage: StorageStack;
  api: ApiStack;
  controllers: ControllersStack;
  workers: WorkersStack;
}

/** A cluster: four stacks, `NAME-storage` and so on. */
export function clusterStacks(app: App, settings: Settings, place: Environment = {}): ClusterStacks {
  const { name } = settings;
  // A VPC that is looked up is looked up somewhere.
  const env = settings.vpcId ? { env: place } : {};
  const storage = new StorageStack(app, `${name}-storage`, settings, env);
  const api = new ApiStack(app, `${name}-api`, settings, storage, env);
  const controllers = new ControllersStack(app, `${name}-controllers`, settings, storage, env);
  const workers = new WorkersStack(app, `${name}-workers`, settings, { storage, api }, env);
  if (settings.admins.length === 0)
    Annotations.of(api).addWarningV2(
      'zeroplane:admins',
      'nobody may use the cluster: name IAM principals with -c admins=ARN,ARN',
    );
  for (const [key, value] of Object.entries(settings.tags)) Tags.of(app).add(key, value);
  return { storage, api, controllers, workers };
}
