import type { Clock } from '../../lib/runtime/clock.ts';
import type { Upstream } from './upstream.ts';
import { parse } from './wire.ts';

const MAX_ENTRIES = 10_000;
/** As CoreDNS in kubeadm's clusters. */
const MAX_TTL_SECONDS = 30;

/** Remembers what upstream said, by the question's bytes, for as long as its records allow. */
export function cachedUpstream(upstream: Upstream, clock: Clock): Upstream {
  const known = new Map<string, { answer: Buffer; untilMs: number }>();
  return {
    async ask(query, overTcp) {
      const key = `${overTcp}${query.toString('latin1', 2).toLowerCase()}`;
      const entry = known.get(key);
      if (entry && entry.untilMs > clock.now()) return withId(entry.answer, query);
      known.delete(key);
      const answer = await upstream.ask(query, overTcp);
      const ttl = answer ? lifetimeSeconds(answer) : 0;
      if (answer && ttl > 0) {
        if (known.size >= MAX_ENTRIES) known.delete(known.keys().next().value as string);
        known.set(key, { answer, untilMs: clock.now() + ttl * 1_000 });
      }
      return answer;
    },
  };
}

function withId(answer: Buffer, query: Buffer): Buffer {
  const copy = Buffer.from(answer);
  query.copy(copy, 0, 0, 2);
  return copy;
}

/** The shortest life of its records. Only answers and denials are kept, not failures nor what cannot be read. */
function lifetimeSeconds(answer: Buffer): number {
  const packet = parse(answer);
  if (packet?.rcode !== 'NOERROR' && packet?.rcode !== 'NXDOMAIN') return 0;
  const records = [...(packet.answers ?? []), ...(packet.authorities ?? [])];
  const lives = records.map((record) => {
    const ttl = 'ttl' in record ? (record.ttl ?? 0) : 0;
    // A denial lives as long as its zone says denials do (RFC 2308 §5).
    return record.type === 'SOA' ? Math.min(ttl, record.data.minimum ?? 0) : ttl;
  });
  return Math.min(MAX_TTL_SECONDS, ...(lives.length > 0 ? lives : [0]));
}
