import type { Clock } from '../../runtime/clock.ts';
import { type KeyRing, parseRing, type RingSource } from './key-ring.ts';

/** A key that somebody added is written with after so long, at the latest; it is read with at once. */
export const RING_AGE_MS = 60_000;

/** A ring in a parameter, e.g. an SSM SecureString: free of charge while idle. `fetch` gives its text; `first` is what was read just now. */
export function parameterRing(fetch: () => Promise<string>, clock: Clock, where: string, first?: KeyRing): RingSource {
  let known = first && { ring: Promise.resolve(first), at: clock.now() };
  const refresh = () => {
    const ring = fetch().then((text) => parseRing(text, where));
    known = { ring, at: clock.now() };
    ring.catch(() => {
      known = undefined;
    });
    return ring;
  };
  return {
    read: () => (known && clock.now() - known.at < RING_AGE_MS ? known.ring : refresh()),
    refresh,
  };
}
