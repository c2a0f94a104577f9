import type { FileHandle } from 'node:fs/promises';

const BLOCK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** Where the last `lines` lines of the file begin; an unfinished line at the end counts. Reads from the end, no more than it must. */
export async function tailStart(file: FileHandle, lines: number): Promise<number> {
  const { size } = await file.stat();
  if (lines === 0) return size;
  const block = Buffer.alloc(BLOCK_BYTES);
  let left = lines;
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const { bytesRead } = await file.read(block, 0, end - start, start);
    for (let i = bytesRead - 1; i >= 0; i--) {
      const endsFile = start + i === size - 1;
      if (block[i] === NEWLINE && !endsFile && --left === 0) return start + i + 1;
    }
    end = start;
  }
  return 0;
}
