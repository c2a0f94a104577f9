import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { join } from 'node:path';

/** What a pod wrote is read by root: no link leads out of the volume, no pipe makes the agent wait. Undefined: it has no such key. Throws. */
export async function readEnvFile(volume: string, path: string, key: string): Promise<string | undefined> {
  const root = await realpath(volume);
  const handle = await open(await realpath(join(root, path)), constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const opened = await realpath(`/proc/self/fd/${handle.fd}`);
    if (!opened.startsWith(`${root}/`)) throw new Error(`${path} leads out of its volume`);
    if (!(await handle.stat()).isFile()) throw new Error(`${path} is no file`);
    return envFileValue(await handle.readFile('utf8'), key);
  } finally {
    await handle.close();
  }
}

/** A name, `=` and a value in single quotes that may go over several lines; blank before the quote leaves the value empty. */
const ENTRY = /[ \t]*(?:(?:#.*)?(?:\n|$)|([^=\s]+)=(?:[ \t].*(?:\n|$)|'([^']*)'[ \t]*(?:#.*)?(?:\n|$)))/y;

/** KEP-3721. Throws for a file that is no such list, as far as it was read for the key. */
export function envFileValue(text: string, key: string): string | undefined {
  const lines = text.replaceAll('\r\n', '\n');
  ENTRY.lastIndex = 0;
  for (let at = 0; at < lines.length; at = ENTRY.lastIndex) {
    const entry = ENTRY.exec(lines);
    if (!entry) throw new Error(`invalid environment variable format at line ${lines.slice(0, at).split('\n').length}`);
    if (entry[1] === key) return entry[2] || undefined;
  }
  return undefined;
}
