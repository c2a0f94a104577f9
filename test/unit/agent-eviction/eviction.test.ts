import { overStorageLimit } from '../../../agent/eviction/local-storage.ts';
import { evictionMessage } from '../../../agent/eviction/message.ts';
import { type PodUsage, rank } from '../../../agent/eviction/rank.ts';
import { crossed, limitOf, parseThresholds, type Readings } from '../../../agent/eviction/thresholds.ts';

const MiB = 1024 ** 2;
const readings: Readings = {
  'memory.available': { available: 90 * MiB, capacity: 1000 * MiB },
  'nodefs.available': { available: 500 * MiB, capacity: 1000 * MiB },
  'nodefs.inodesFree': { available: 10, capacity: 1000 },
  'pid.available': { available: 1000, capacity: 32_768 },
};

interface Given {
  name: string;
  usesMiB: number;
  requestMiB?: number;
  priority?: number;
  annotations?: Record<string, string>;
}

function podUsage({ name, usesMiB, requestMiB, priority = 0, annotations = {} }: Given): PodUsage {
  const requests =
    requestMiB === undefined ? {} : { requests: { memory: `${requestMiB}Mi`, 'ephemeral-storage': `${requestMiB}Mi` } };
  const pod: any = {
    metadata: { name, annotations },
    spec: { priority, containers: [{ name: 'c', resources: requests }] },
  };
  const bytes = usesMiB * MiB;
  return {
    pod,
    memoryBytes: bytes,
    diskBytes: bytes,
    containers: [{ name: 'c', memoryBytes: bytes, diskBytes: bytes }],
  };
}

const order = (signal: Parameters<typeof rank>[0], given: Given[]) =>
  rank(signal, given.map(podUsage)).map(({ pod }) => pod.metadata!.name);

describe('thresholds', () => {
  test('are amounts or shares of the capacity', () => {
    const [memory, disk] = parseThresholds('memory.available<100Mi,nodefs.available<10%');
    expect(limitOf(memory!, readings['memory.available'])).toBe(100 * MiB);
    expect(limitOf(disk!, readings['nodefs.available'])).toBe(100 * MiB);
  });

  test('those that are crossed are told', () => {
    const thresholds = parseThresholds(
      'memory.available<100Mi,nodefs.available<10%,imagefs.inodesFree<5%,pid.available<500',
    );
    expect(crossed(thresholds, readings).map(({ signal }) => signal)).toEqual([
      'memory.available',
      'nodefs.inodesFree',
    ]);
  });

  test.each([
    ['memory<1', 'unknown signal memory'],
    ['memory.available', 'a threshold is SIGNAL<QUANTITY'],
    ['memory.available<lots', 'lots is no quantity'],
    ['nodefs.available<200%', 'a share is 0% to 100%'],
  ])('%s is refused', (text, message) => {
    expect(() => parseThresholds(text)).toThrow(message);
  });
});

describe('who is evicted first', () => {
  test('who uses more than it asked for, then who matters least, then who is furthest over', () => {
    const pods: Given[] = [
      { name: 'within', usesMiB: 90, requestMiB: 100 },
      { name: 'over-little', usesMiB: 110, requestMiB: 100 },
      { name: 'over-much', usesMiB: 300, requestMiB: 100 },
      { name: 'over-important', usesMiB: 900, requestMiB: 100, priority: 1000 },
    ];
    expect(order('memory.available', pods)).toEqual(['over-much', 'over-little', 'over-important', 'within']);
  });

  test('what the node or the cluster needs stays', () => {
    const pods: Given[] = [
      { name: 'critical', usesMiB: 900, priority: 2_000_001_000 },
      { name: 'static', usesMiB: 900, annotations: { 'kubernetes.io/config.source': 'file' } },
      { name: 'plain', usesMiB: 1 },
    ];
    expect(order('memory.available', pods)).toEqual(['plain']);
  });

  test('the message names threshold, what is left, and who took it', () => {
    const [threshold] = parseThresholds('memory.available<100Mi');
    const message = evictionMessage(threshold!, readings, podUsage({ name: 'p', usesMiB: 300, requestMiB: 100 }));
    expect(message).toBe(
      'The node was low on resource: memory. Threshold quantity: 100Mi, available: 90Mi. Container c was using 300Mi, request is 100Mi, has larger consumption of memory. ',
    );
  });
});

describe('limits on the disk', () => {
  const usage = (spec: object, diskMiB: number): PodUsage => ({
    pod: { metadata: { name: 'p' }, spec } as any,
    memoryBytes: 0,
    diskBytes: diskMiB * MiB,
    containers: [{ name: 'c', memoryBytes: 0, diskBytes: diskMiB * MiB }],
  });
  const limit = { limits: { 'ephemeral-storage': '10Mi' } };

  test.each<[string, object, number, Map<string, number>, string | undefined]>([
    [
      'an emptyDir',
      { containers: [{ name: 'c' }], volumes: [{ name: 'v', emptyDir: { sizeLimit: '5Mi' } }] },
      6,
      new Map([['v', 6 * MiB]]),
      'Usage of EmptyDir volume "v" exceeds the limit "5Mi". ',
    ],
    [
      'an emptyDir within its limit',
      { containers: [{ name: 'c' }], volumes: [{ name: 'v', emptyDir: { sizeLimit: '5Mi' } }] },
      4,
      new Map([['v', 4 * MiB]]),
      undefined,
    ],
    [
      'a pod',
      { containers: [{ name: 'c', resources: limit }] },
      11,
      new Map(),
      'Pod ephemeral local storage usage exceeds the total limit of containers 10Mi. ',
    ],
    [
      'a container beside one without a limit',
      { containers: [{ name: 'c', resources: limit }, { name: 'd' }] },
      11,
      new Map(),
      'Container c exceeded its local ephemeral storage limit "10Mi". ',
    ],
    ['nothing limited', { containers: [{ name: 'c' }] }, 1000, new Map(), undefined],
  ])('%s', (_, spec, diskMiB, emptyDirs, expected) => {
    expect(overStorageLimit(usage(spec, diskMiB), emptyDirs)).toBe(expected);
  });
});
