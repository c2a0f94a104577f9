import { parseQuantity, Quantity } from '../../lib/api/quantity.ts';

/** What is measured of a node. Image and container files lie on the node's own file system, so `imagefs` signals are `nodefs` ones. */
export type Signal = 'memory.available' | 'nodefs.available' | 'nodefs.inodesFree' | 'pid.available';

export interface Reading {
  available: number;
  capacity: number;
}

export type Readings = Readonly<Record<Signal, Reading>>;

/** Below this much of a signal pods are evicted: an amount, or a share of the capacity. */
export interface Threshold {
  signal: Signal;
  amount?: number;
  share?: number;
}

/**
 * kubelet's hard thresholds for memory; for the disk its tenth would stop a laptop whose disk is well used (kind turns it off for that
 * reason), so only the last hundredth counts; and room for the system's own processes.
 */
export const DEFAULT_THRESHOLDS = 'memory.available<100Mi,nodefs.available<1%,nodefs.inodesFree<1%,pid.available<500';

const SIGNALS: Readonly<Record<string, Signal>> = {
  'memory.available': 'memory.available',
  'nodefs.available': 'nodefs.available',
  'nodefs.inodesFree': 'nodefs.inodesFree',
  'imagefs.available': 'nodefs.available',
  'imagefs.inodesFree': 'nodefs.inodesFree',
  'containerfs.available': 'nodefs.available',
  'containerfs.inodesFree': 'nodefs.inodesFree',
  'pid.available': 'pid.available',
};

/** `memory.available<100Mi,nodefs.available<10%`, as kubelet's --eviction-hard. Throws an Error that says what is wrong. */
export function parseThresholds(text: string): Threshold[] {
  return text
    .split(',')
    .filter((part) => part.trim() !== '')
    .map((part) => parseThreshold(part.trim()));
}

function parseThreshold(text: string): Threshold {
  const [name = '', value = '', ...rest] = text.split('<').map((part) => part.trim());
  if (rest.length > 0 || !value)
    throw new Error(`${text}: a threshold is SIGNAL<QUANTITY, such as memory.available<100Mi`);
  const signal = SIGNALS[name];
  if (!signal) throw new Error(`unknown signal ${name}: ${Object.keys(SIGNALS).join(', ')}`);
  if (value.endsWith('%')) {
    const share = Number(value.slice(0, -1)) / 100;
    if (!(share >= 0 && share <= 1)) throw new Error(`${text}: a share is 0% to 100%`);
    return { signal, share };
  }
  try {
    return { signal, amount: parseQuantity(value).value() };
  } catch (cause) {
    throw new Error(`${text}: ${value} is no quantity`, { cause });
  }
}

export function limitOf({ amount, share = 0 }: Threshold, { capacity }: Reading): number {
  return amount ?? Math.floor(share * capacity);
}

/** The thresholds that are crossed. */
export function crossed(thresholds: readonly Threshold[], readings: Readings): Threshold[] {
  return thresholds.filter((threshold) => {
    const reading = readings[threshold.signal];
    return reading.available < limitOf(threshold, reading);
  });
}

export type Pressure = 'MemoryPressure' | 'DiskPressure' | 'PIDPressure';

export const PRESSURES: Readonly<Record<Signal, Pressure>> = {
  'memory.available': 'MemoryPressure',
  'nodefs.available': 'DiskPressure',
  'nodefs.inodesFree': 'DiskPressure',
  'pid.available': 'PIDPressure',
};

/** As messages name an amount of a signal. */
export function amountText(signal: Signal, amount: number): string {
  const bytes = signal === 'memory.available' || signal === 'nodefs.available';
  return Quantity.of(Math.round(amount), bytes ? 'BinarySI' : 'DecimalSI').toString();
}
