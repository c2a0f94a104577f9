import type { PodEquipment } from '../../../agent/pods/equipment.ts';
import { PodVolumes } from '../../../agent/pods/pod-volumes.ts';
import type { RuntimePod } from '../../../agent/pods/runtime-pod.ts';
import { pod } from '../../builders/objects.ts';
import { fakeClock } from '../../fakes/clock.ts';

const metadata = { name: 'p', namespace: 'default', uid: 'u', attempt: 0 };
const sandbox = { id: 's', metadata, state: 'READY' as const, createdAtMs: 0, labels: {}, annotations: {}, ips: [] };
const runtime: RuntimePod = { uid: 'u', namespace: 'default', name: 'p', sandboxes: [sandbox], containers: [] };

function volumesOf(growable: boolean) {
  const clock = fakeClock();
  const looks: number[] = [];
  const equipment = {
    context: { clock, config: { nodeIPs: ['192.0.2.1'] } },
    references: { follow() {} },
    renewAt: () => undefined,
    async setUpVolumes() {
      looks.push(clock.now());
      return new Map([['data', { path: '/data', growable }]]);
    },
  } as unknown as PodEquipment;
  return { clock, looks, volumes: new PodVolumes('u', equipment) };
}

it('looks every minute whether a volume that can grow has grown, and else not again', async () => {
  for (const [growable, times] of [
    [true, 3],
    [false, 1],
  ] as const) {
    const { clock, looks, volumes } = volumesOf(growable);
    for (let second = 0; second < 150; second++) {
      await volumes.refresh(pod(), runtime);
      await clock.advance(1000);
    }
    expect(looks.length).toBe(times);
  }
});
