import { MAX_SCORE, type Plugin } from '../framework.ts';
import type { Snapshot } from '../snapshot.ts';

const MB = 1024 * 1024;
const MIN_BYTES = 23 * MB;
const MAX_CONTAINER_BYTES = 1000 * MB;

interface State {
  images: readonly string[];
  /** Bytes that having the image is worth: less if few nodes have it, so that pods do not heap up there. */
  worth: ReadonlyMap<string, number>;
}

export const imageLocality: Plugin = {
  name: 'ImageLocality',
  weight: 1,
  requeueOn: [],
  prepareScore(pod, _nodes, snapshot): State {
    const { containers, initContainers = [], volumes = [] } = pod.spec;
    const references = [
      ...[...containers, ...initContainers].map((container) => container.image ?? ''),
      ...volumes.flatMap((volume) => volume.image?.reference ?? []),
    ];
    const images = references.map(normalizedImageName);
    return { images, worth: worth(images, snapshot) };
  },
  score({ images, worth }: State, _pod, node) {
    const sum = images.reduce((total, image) => total + (node.images.has(image) ? (worth.get(image) ?? 0) : 0), 0);
    const max = MAX_CONTAINER_BYTES * images.length;
    const clamped = Math.min(max, Math.max(MIN_BYTES, sum));
    return Math.floor((MAX_SCORE * (clamped - MIN_BYTES)) / (max - MIN_BYTES));
  },
};

function worth(images: readonly string[], snapshot: Snapshot): Map<string, number> {
  const nodes = snapshot.nodes();
  return new Map(
    images.map((image) => {
      const holders = nodes.filter((node) => node.images.has(image));
      const bytes = holders[0]?.images.get(image) ?? 0;
      return [image, Math.floor((bytes * holders.length) / Math.max(1, nodes.length))];
    }),
  );
}

/** Nodes name images with their tag. */
function normalizedImageName(name: string): string {
  return name.lastIndexOf(':') <= name.lastIndexOf('/') ? `${name}:latest` : name;
}
