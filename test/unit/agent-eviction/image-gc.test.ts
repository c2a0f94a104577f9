import { ImageGC } from '../../../agent/eviction/image-gc.ts';
import type { Image, Runtime } from '../../../agent/runtime-contract.ts';
import { fakeClock } from '../../fakes/clock.ts';
import { fakeRuntime } from '../../fakes/runtime.ts';

const pulled = (name: string): Image => image(name, [`${name}:1`], [`${name}@sha256:1`]);
const image = (id: string, repoTags: string[], repoDigests: string[]): Image => ({
  id,
  repoTags,
  repoDigests,
  sizeBytes: 1000,
});

/** What is left when room is made. */
async function left(images: Image[], free: (gc: ImageGC) => Promise<unknown>): Promise<string[]> {
  const clock = fakeClock();
  const present = new Map(images.map((one) => [one.id, one]));
  const runtime: Runtime = {
    ...fakeRuntime(clock),
    listImages: async () => [...present.values()],
    removeImage: async (id) => void present.delete(id),
  };
  await free(new ImageGC({ runtime, clock }));
  return [...present.keys()];
}

describe('image garbage collection', () => {
  const all = (gc: ImageGC) => gc.free(Number.POSITIVE_INFINITY);

  test('removes what was pulled, and can be pulled again', async () => {
    expect(await left([pulled('a'), pulled('b')], all)).toEqual([]);
  });

  test('keeps what was loaded from a file, but for images whose name another one has', async () => {
    expect(await left([image('loaded', ['docker.io/local/web:1'], []), image('old', [], [])], all)).toEqual(['loaded']);
  });

  test('keeps pinned images', async () => {
    expect(await left([{ ...pulled('a'), pinned: true }, pulled('b')], all)).toEqual(['a']);
  });

  test('begins above its high threshold, and ends at the low one', async () => {
    const images = ['a', 'b', 'c', 'd'].map(pulled);
    const at = (available: number) => (gc: ImageGC) =>
      gc.collect({ high: 85, low: 80 }, { available, capacity: 20_000 });
    expect(await left(images, at(4000))).toHaveLength(4);
    expect(await left(images, at(2000))).toHaveLength(2);
  });
});
