import { appendFileSync, copyFileSync, readlinkSync, statSync, truncateSync } from 'node:fs';

/** A daemon that meets the same failure every second must not fill the disk: its log and one older one are kept. */
const MAX_LOG_BYTES = 10 << 20;

/** Writes lines to standard error; if that is a file (opened to append), it is moved to `FILE.1` when it is full. */
export function daemonLog(file = standardErrorFile()): (line: string) => void {
  let size = file ? statSync(file).size : 0;
  return (line) => {
    if (!file) return void process.stderr.write(line);
    size += line.length;
    unlessFull(() => appendFileSync(file, line));
    if (size <= MAX_LOG_BYTES) return;
    unlessFull(() => copyFileSync(file, `${file}.1`));
    truncateSync(file);
    size = 0;
  };
}

/** A full disk costs lines of the log; thrown from there, the failure would be logged, and fail again, until the process ends. */
function unlessFull(write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!['ENOSPC', 'EDQUOT', 'EIO'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

function standardErrorFile(): string | undefined {
  const target = readlinkSync('/proc/self/fd/2');
  return statSync(target, { throwIfNoEntry: false })?.isFile() ? target : undefined;
}
