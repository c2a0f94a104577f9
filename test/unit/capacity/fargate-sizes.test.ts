import { taskSize } from '../../../functions/capacity/fargate/sizes.ts';
import type { Container, PodSpec } from '../../../lib/api/types.ts';

const container = (requests: Record<string, string>, limits?: Record<string, string>): Container => ({
  name: 'c',
  image: 'i',
  resources: { requests, ...(limits && { limits }) },
});
const spec = (...containers: Container[]): PodSpec => ({ containers });

describe('a task is the smallest that takes the pod', () => {
  test.each([
    ['nothing', {}, 256, 512],
    ['a little', { cpu: '100m', memory: '100Mi' }, 256, 512],
    ['a quarter of a core, exactly', { cpu: '250m', memory: '512Mi' }, 256, 512],
    ['more memory than the smallest step', { cpu: '250m', memory: '513Mi' }, 256, 1024],
    ['two gigabytes and little processor', { cpu: '10m', memory: '2Gi' }, 256, 2048],
    ['more memory than goes with a quarter', { cpu: '10m', memory: '2049Mi' }, 512, 3072],
    ['a little more than a quarter of a core', { cpu: '251m', memory: '1Mi' }, 512, 1024],
    ['one core, and less memory than goes with it', { cpu: '1', memory: '1Gi' }, 1024, 2048],
    ['memory for eight', { cpu: '100m', memory: '31Gi' }, 8192, 32768],
    ['eight cores, in steps of four gigabytes', { cpu: '8', memory: '17Gi' }, 8192, 20480],
    ['sixteen cores, in steps of eight', { cpu: '16', memory: '33Gi' }, 16384, 40960],
    ['the largest', { cpu: '16', memory: '120Gi' }, 16384, 122880],
  ])('%s', (_, requests, cpuUnits, memoryMiB) => {
    expect(taskSize(spec(container(requests)))).toEqual({ cpuUnits, memoryMiB });
  });

  test.each([
    ['processor', { cpu: '16001m' }],
    ['memory', { memory: '121Gi' }],
    ['disk', { 'ephemeral-storage': '201Gi' }],
  ])('there is none with so much %s', (_, requests) => {
    expect(taskSize(spec(container(requests)))).toBeUndefined();
  });

  test('containers add up; a memory limit counts, one on the processor only without a request', () => {
    const size = taskSize(
      spec(
        container({ cpu: '300m', memory: '1Gi' }, { cpu: '4', memory: '2Gi' }),
        container({}, { cpu: '700m', memory: '1Gi' }),
      ),
    );
    expect(size).toEqual({ cpuUnits: 1024, memoryMiB: 3072 });
  });

  test('an init container runs before the others, a sidecar beside them', () => {
    const init = { ...container({ cpu: '2', memory: '4Gi' }), name: 'init' };
    const sidecar = { ...container({ cpu: '500m', memory: '1Gi' }), name: 'side', restartPolicy: 'Always' };
    const main = container({ cpu: '500m', memory: '1Gi' });
    expect(taskSize({ containers: [main], initContainers: [init] })).toEqual({ cpuUnits: 2048, memoryMiB: 4096 });
    expect(taskSize({ containers: [main], initContainers: [sidecar] })).toEqual({ cpuUnits: 1024, memoryMiB: 2048 });
  });

  test('resources of the pod count instead of its containers’', () => {
    const resources = { requests: { cpu: '1', memory: '2Gi' }, limits: { memory: '3Gi' } };
    expect(taskSize({ ...spec(container({ cpu: '100m' })), resources })).toEqual({ cpuUnits: 1024, memoryMiB: 3072 });
  });

  test.each([
    ['20Gi', undefined],
    ['20481Mi', 21],
    ['100Gi', 100],
  ])('a disk of %s', (storage, ephemeralStorageGiB) => {
    const size = taskSize(spec(container({ 'ephemeral-storage': storage })));
    expect(size!.ephemeralStorageGiB).toBe(ephemeralStorageGiB);
  });
});
