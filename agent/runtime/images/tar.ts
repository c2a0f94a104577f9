/** A POSIX ustar archive of small files, always the same bytes for the same content (no times, no owners). */
export interface TarEntry {
  path: string;
  content: Uint8Array;
  mode?: number;
}

const BLOCK_BYTES = 512;

export function tar(entries: readonly TarEntry[]): Buffer {
  const blocks = entries.flatMap((entry) => [header(entry), padded(entry.content)]);
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK_BYTES)]);
}

function padded(content: Uint8Array): Buffer {
  const whole = Buffer.alloc(Math.ceil(content.length / BLOCK_BYTES) * BLOCK_BYTES);
  whole.set(content);
  return whole;
}

function header({ path, content, mode = 0o644 }: TarEntry): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  if (path.length > 100) throw new Error(`ustar path over 100 bytes: ${path}`);
  const octal = (value: number, offset: number, width: number) =>
    block.write(`${value.toString(8).padStart(width - 1, '0')}\0`, offset, 'latin1');
  block.write(path, 0, 'latin1');
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(content.length, 124, 12);
  octal(0, 136, 12);
  block.write('0ustar\x0000', 156, 'latin1');
  block.fill(' ', 148, 156); // the checksum is taken as if it were blanks
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}
