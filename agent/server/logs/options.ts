import { HttpError } from '../http-error.ts';

/** v1 PodLogOptions, as it travels in a query. */
export interface LogOptions {
  follow: boolean;
  previous: boolean;
  timestamps: boolean;
  tailLines?: number;
  limitBytes?: number;
  /** Lines before this are left out; milliseconds since the epoch. */
  sinceMs?: number;
  stdout: boolean;
  stderr: boolean;
}

/** Source: pkg/kubelet/server getContainerLogs; core/validation ValidatePodLogOptions. `nowMs` resolves sinceSeconds. */
export function logOptions(query: URLSearchParams, nowMs: number): LogOptions {
  const stream = query.get('stream') ?? 'All';
  const options: LogOptions = {
    follow: flag(query, 'follow'),
    previous: flag(query, 'previous'),
    timestamps: flag(query, 'timestamps'),
    stdout: stream !== 'Stderr',
    stderr: stream !== 'Stdout',
  };
  const tailLines =
    query.get('tail') === 'all' ? undefined : integer(query, query.has('tail') ? 'tail' : 'tailLines', 0);
  const limitBytes = integer(query, 'limitBytes', 1);
  const sinceMs = since(query, nowMs);
  if (!['All', 'Stdout', 'Stderr'].includes(stream) || (stream !== 'All' && tailLines !== undefined)) throw invalid();
  if (tailLines !== undefined) options.tailLines = tailLines;
  if (limitBytes !== undefined) options.limitBytes = limitBytes;
  if (sinceMs !== undefined) options.sinceMs = sinceMs;
  return options;
}

function since(query: URLSearchParams, nowMs: number): number | undefined {
  const seconds = integer(query, 'sinceSeconds', 1);
  const time = query.get('sinceTime');
  if (seconds !== undefined && time) throw invalid();
  if (seconds !== undefined) return nowMs - seconds * 1_000;
  if (!time) return undefined;
  const parsed = Date.parse(time);
  if (Number.isNaN(parsed)) throw new HttpError(400, '{"message": "Unable to decode query."}');
  return parsed;
}

/** As Kubernetes reads booleans in queries: there and neither false nor 0 (apimachinery, Convert_Slice_string_To_bool). */
export function flag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value !== '0' && value.toLowerCase() !== 'false';
}

function integer(query: URLSearchParams, name: string, minimum: number): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^-?\d+$/.test(text)) throw new HttpError(400, '{"message": "Unable to decode query."}');
  const value = Number(text);
  if (value < minimum) throw invalid();
  return value;
}

function invalid(): HttpError {
  return new HttpError(422, '{"message": "Invalid request."}');
}
