import type { Checkpoint, FunctionState } from '../../lib/client/invocation/function-state.ts';
import type { Wakes } from '../../lib/client/invocation/wakes.ts';
import type { Clock } from '../../lib/runtime/clock.ts';

export interface MemoryState extends FunctionState {
  checkpoint: Checkpoint | undefined;
  readonly marked: boolean;
  readonly untilMs: number;
}

/** The item of a function, as DynamoDB keeps it for all of its instances. */
export function memoryState(clock: Clock): MemoryState {
  const item = { token: 0, untilMs: 0, marked: false, wakesOn: false, checkpoint: undefined as Checkpoint | undefined };
  const holds = (token: number) => item.token === token && item.untilMs > 0;
  return {
    get checkpoint() {
      return item.checkpoint;
    },
    set checkpoint(checkpoint) {
      item.checkpoint = checkpoint;
    },
    get marked() {
      return item.marked;
    },
    get untilMs() {
      return item.untilMs;
    },
    async acquire(untilMs) {
      const { marked, wakesOn, checkpoint } = item;
      if (item.untilMs > clock.now()) return { held: false, untilMs: item.untilMs, marked, wakesOn };
      Object.assign(item, { untilMs, marked: false, token: item.token + 1 });
      return { held: true, token: item.token, wakesOn, ...(checkpoint && { checkpoint: structuredClone(checkpoint) }) };
    },
    async mark() {
      if (item.untilMs <= clock.now()) return false;
      item.marked = true;
      return true;
    },
    async unmark(token) {
      if (!holds(token)) return false;
      item.marked = false;
      return true;
    },
    async noteWakes(token, on) {
      if (!holds(token)) return false;
      item.wakesOn = on;
      return true;
    },
    async release(token, checkpoint, { force } = { force: false }) {
      if (!holds(token)) return 'lost';
      if (item.marked && !force) return 'marked';
      if (checkpoint) item.checkpoint = structuredClone(checkpoint);
      Object.assign(item, { untilMs: 0, marked: false });
      return 'released';
    },
  };
}

export interface MemoryWakes extends Wakes {
  isOn: boolean;
  /** Sent and not yet taken. */
  readonly sent: number[];
  /** Takes those that are due, if they are on. */
  due(): number[];
}

export function memoryWakes(clock: Clock): MemoryWakes {
  const wakes: MemoryWakes = {
    isOn: false,
    sent: [],
    async on() {
      wakes.isOn = true;
    },
    async off() {
      wakes.isOn = false;
    },
    async send(dueMs) {
      wakes.sent.push(dueMs);
    },
    due() {
      if (!wakes.isOn) return [];
      const due = wakes.sent.filter((wake) => wake <= clock.now());
      wakes.sent.splice(0, Infinity, ...wakes.sent.filter((wake) => wake > clock.now()));
      return due;
    },
  };
  return wakes;
}
