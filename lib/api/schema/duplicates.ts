import { goQuote } from '../go-text.ts';
import { MAX_STRICT_ERRORS } from './strict.ts';

/**
 * Keys that a JSON text has twice in one object: JSON.parse keeps the last and says nothing. The text must be valid JSON.
 */
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const COMMA = 0x2c;

/** How many members all objects of the text have together, duplicates counted: one colon outside strings each. */
export function countMembers(text: string): number {
  let members = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === COLON) members++;
  }
  return members;
}

/** The position of the closing quote. */
function endOfString(text: string, open: number): number {
  let at = text.indexOf('"', open + 1);
  for (; at > 0 && escaped(text, at); at = text.indexOf('"', at + 1));
  return at < 0 ? text.length : at;
}

function escaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text.charCodeAt(at - 1 - slashes) === BACKSLASH) slashes++;
  return slashes % 2 === 1;
}

interface Frame {
  readonly path: string;
  /** Keys met in this object; undefined in a list. */
  readonly keys: Set<string> | undefined;
  key: string;
  index: number;
}

/** `duplicate field "spec.replicas"`, each path once, in the order of the text. */
export function duplicateFields(text: string): string[] {
  const found = new Set<string>();
  const stack: Frame[] = [];
  let string = '';
  for (let at = 0; at < text.length && found.size < MAX_STRICT_ERRORS; at++) {
    const code = text.charCodeAt(at);
    const frame = stack.at(-1);
    if (code === QUOTE) {
      const end = endOfString(text, at);
      string = text.slice(at, end + 1);
      at = end;
    } else if (code === COLON) noteKey(frame!, JSON.parse(string), found);
    else if (code === OPEN_OBJECT || code === OPEN_LIST) stack.push(frameIn(frame, code === OPEN_OBJECT));
    else if (code === CLOSE_OBJECT || code === CLOSE_LIST) stack.pop();
    else if (code === COMMA && frame) frame.index++;
  }
  return [...found].map((path) => `duplicate field ${goQuote(path)}`);
}

function noteKey(frame: Frame, key: string, found: Set<string>): void {
  if (frame.keys!.has(key)) found.add(frame.path === '' ? key : `${frame.path}.${key}`);
  frame.keys!.add(key);
  frame.key = key;
}

function frameIn(parent: Frame | undefined, object: boolean): Frame {
  return { path: pathOf(parent), keys: object ? new Set() : undefined, key: '', index: 0 };
}

function pathOf(parent: Frame | undefined): string {
  if (!parent) return '';
  if (!parent.keys) return `${parent.path}[${parent.index}]`;
  return parent.path === '' ? parent.key : `${parent.path}.${parent.key}`;
}
