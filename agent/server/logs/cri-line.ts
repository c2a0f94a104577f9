/** One line of a container's log. Source: the CRI log format, kubernetes/design-proposals-archive kubelet-cri-logging. */
export interface CriLine {
  /** RFC 3339 with up to nine digits of a second. */
  timestamp: string;
  stream: 'stdout' | 'stderr';
  /** With its newline, unless the line goes on in the next entry. */
  content: Buffer;
}

const SPACE = 0x20;
const NEWLINE = 0x0a;
const PARTIAL = 'P';

/** `2016-10-06T00:17:09.669794202Z stdout P content\n`; undefined when the bytes are no such line. */
export function parseCriLine(line: Buffer): CriLine | undefined {
  const first = line.indexOf(SPACE);
  const second = line.indexOf(SPACE, first + 1);
  const third = line.indexOf(SPACE, second + 1);
  if (first < 0 || second < 0 || third < 0) return undefined;
  const stream = line.toString('latin1', first + 1, second);
  if (stream !== 'stdout' && stream !== 'stderr') return undefined;
  // Tags are separated by colons; the first says whether the line is whole.
  const partial = line.toString('latin1', second + 1, third).split(':')[0] === PARTIAL;
  const end = partial && line.at(-1) === NEWLINE ? line.length - 1 : line.length;
  return { timestamp: line.toString('latin1', 0, first), stream, content: line.subarray(third + 1, end) };
}

/** The time as kubectl shows it: always nine digits. */
export function fixedTimestamp(timestamp: string): string {
  const [, seconds = '', fraction = '', zone = ''] = /^(.*?:\d\d)(?:\.(\d+))?(Z|[+-].*)$/.exec(timestamp) ?? [];
  return `${seconds}.${fraction.padEnd(9, '0')}${zone}`;
}
