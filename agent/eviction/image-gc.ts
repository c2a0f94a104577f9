import type { AgentContext } from '../context.ts';
import type { Image } from '../runtime-contract.ts';

/** Per cent of the disk: above `high` unused images go, the longest unused first, until it is down to `low`. 100: never. */
export interface ImageGCThresholds {
  high: number;
  low: number;
}

type Context = Pick<AgentContext, 'runtime' | 'clock'>;

interface Seen {
  firstMs: number;
  usedMs: number;
}

/** Images that nobody uses make room. Source: pkg/kubelet/images/image_gc_manager.go. */
export class ImageGC {
  readonly #context: Context;
  readonly #seen = new Map<string, Seen>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** Removes what is unused until so many bytes are free, the longest unused first; Infinity: all. Returns the bytes that were freed. */
  async free(bytes: number): Promise<number> {
    const unused = (await this.#look()).sort((a, b) => this.#usedMs(a) - this.#usedMs(b));
    let freed = 0;
    for (const image of unused) {
      if (freed >= bytes) break;
      await this.#context.runtime.removeImage(image.id);
      this.#seen.delete(image.id);
      freed += image.sizeBytes;
    }
    return freed;
  }

  /** Notes which images are in use now; the others, but those that are pinned or came from files. */
  async #look(): Promise<Image[]> {
    const { runtime, clock } = this.#context;
    const [images, containers] = await Promise.all([runtime.listImages(), runtime.listContainers()]);
    const used = new Set(containers.flatMap(({ image, imageRef }) => [image, imageRef]));
    const now = clock.now();
    const unused = images.filter((image) => {
      const inUse = [image.id, ...image.repoTags, ...image.repoDigests].some((name) => used.has(name));
      const seen = this.#seen.get(image.id) ?? { firstMs: now, usedMs: 0 };
      this.#seen.set(image.id, inUse ? { ...seen, usedMs: now } : seen);
      return !inUse && !image.pinned && !isLoaded(image) && !image.repoTags.some(isPause);
    });
    const present = new Set(images.map(({ id }) => id));
    for (const id of this.#seen.keys()) if (!present.has(id)) this.#seen.delete(id);
    return unused;
  }

  #usedMs({ id }: Image): number {
    const { firstMs, usedMs } = this.#seen.get(id)!;
    return usedMs || firstMs;
  }

  /** Routine collection: keeps the disk below its threshold. */
  async collect({ high, low }: ImageGCThresholds, disk: { available: number; capacity: number }): Promise<void> {
    const usedPercent = 100 * (1 - disk.available / disk.capacity);
    if (high >= 100 || usedPercent < high) return;
    await this.free(((usedPercent - low) / 100) * disk.capacity);
  }
}

/** It came from a file (`zeroplane image load`) and comes back from nowhere: what was pulled has its registry's digest beside its name. */
function isLoaded({ repoTags, repoDigests }: Image): boolean {
  return repoTags.length > 0 && repoDigests.length === 0;
}

/** No sandbox can be made without it, and no registry may have it. */
function isPause(name: string): boolean {
  return /(?:^|\/)pause:/.test(name);
}
