import type { HistoryRecord } from './history.ts';
import { type Broken, simulationOf } from './open.ts';
import type { Simulation } from './simulation.ts';

/** What the tables do, as it is told. */
const METHODS = ['nextRevision', 'fillSlot', 'begin', 'apply', 'readCounter', 'readSlot', 'querySlots', 'queryObjects'];

/** Runs one seed again and prints its history: what clients asked and were answered, and between what DynamoDB did. Returns the number of violations. */
export async function replay(seed: number, broken: Broken, print: (line: string) => void): Promise<number> {
  const simulation = simulationOf(seed, broken);
  const lines = tableLines(simulation);
  const violations = await simulation.run();
  for (const record of simulation.history.records) lines.push(...recordLines(record));
  for (const { step, text } of lines.sort((a, b) => a.step - b.step)) print(`${String(step).padStart(6)} ${text}`);
  for (const violation of violations) print(`VIOLATION ${violation}`);
  return violations.length;
}

interface Line {
  step: number;
  text: string;
}

function tableLines({ tables, world }: Simulation): Line[] {
  const lines: Line[] = [];
  const start = world.now();
  const times = (name: string, value: unknown) => {
    if (name === 'atMs') return `${(value as number) - start} ms`;
    return name === 'body' ? '…' : value;
  };
  const methods = tables as unknown as Record<string, (...args: unknown[]) => unknown>;
  for (const method of METHODS) {
    const real = methods[method]!.bind(tables);
    methods[method] = (...args) => {
      const result = real(...args);
      const text = `${world.now() - start} ms ${method} ${JSON.stringify(args, times)} → ${JSON.stringify(result, times)}`;
      lines.push({ step: world.step, text: `       ${text}` });
      return result;
    };
  }
  return lines;
}

function recordLines(record: HistoryRecord): Line[] {
  const { kind, instance, invoked, returned, floor, ceiling, ...more } = record;
  const what = record.kind === 'write' ? record.id : record.kind === 'get' ? record.key : record.prefix;
  const lines = [{ step: invoked, text: `${instance} asks ${kind} ${what} ${asked(record)}` }];
  const { refusal } = record;
  const answer = refusal ? `${refusal.reason} ${refusal.key ?? ''}` : JSON.stringify(more, shortText);
  if (returned !== undefined) lines.push({ step: returned, text: `${instance} hears ${kind} ${what}: ${answer}` });
  return lines;
}

function asked(record: HistoryRecord): string {
  if (record.kind === 'write')
    return record.intents.map(({ op, key, expected }) => `${op} ${key}@${expected}`).join(', ');
  if (record.kind === 'watch') return `from ${record.from}`;
  return record.kind === 'list' ? JSON.stringify({ at: record.at, after: record.after, limit: record.limit }) : '';
}

function shortText(name: string, value: unknown): unknown {
  return name === 'text' || name === 'previous' ? String(value).split(' ')[0] : value;
}
