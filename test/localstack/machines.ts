import { type Deployed, Kubectl } from './deployed.ts';

/** Whether pods that fit nowhere get instances: most suites have such pods, and nobody who would play their instances. */
export async function allowMachines(deployed: Deployed, allowed: boolean): Promise<void> {
  const kubectl = await Kubectl.of(deployed);
  try {
    const patch = JSON.stringify({ spec: { limits: { cpu: allowed ? '100' : '0' } } });
    await kubectl.run('patch', 'nodepool', 'default', '--type=merge', '--patch', patch);
  } finally {
    kubectl.close();
  }
}
