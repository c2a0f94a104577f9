import { copyFileSync, readlinkSync, statSync, truncateSync } from 'node:fs';

/** A daemon that meets the same failure every second must not fill the disk: its log and one older one are kept. */
const MAX_LOG_BYTES = 10 << 20;

/** Writes lines to standard error; if that is a file (opened to append), it is moved to `FILE.1` when it is full. */
export function daemonLog(): (line: string) => void {
  const file = standardErrorFile();
  let size = file ? statSync(file).size : 0;
  return (line) => {
    process.stderr.write(line);
    size += line.length;
    if (!file || size <= MAX_LOG_BYTES) return;
    copyFileSync(file, `${file}.1`);
    truncateSync(file);
    size = 0;
  };
}

function standardErrorFile(): string | undefined {
  const target = readlinkSync('/proc/self/fd/2');
  return statSync(target, { throwIfNoEntry: false })?.isFile() ? target : undefined;
}
