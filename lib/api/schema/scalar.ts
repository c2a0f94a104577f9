import { DecodeFault } from './fault.ts';

/** Gives the value as the apiserver writes it back; throws DecodeFault. Never called with null or undefined. */
export type Decode = (value: unknown, seen: Seen) => unknown;

/** What a decoder notices on its way and does not refuse. */
export interface Seen {
  /** Members of objects, counted to find keys that the text has twice. */
  members: number;
  /** Some struct had a field it does not know. */
  unknown: boolean;
}

export function decodeString(goName: string): Decode {
  return (value) => {
    if (typeof value !== 'string') throw DecodeFault.type(value, goName);
    return value;
  };
}

export function decodeBool(goName: string): Decode {
  return (value) => {
    if (typeof value !== 'boolean') throw DecodeFault.type(value, goName);
    return value;
  };
}

export function decodeInt(goName: string, bits: 32 | 64): Decode {
  const max = 2 ** (bits - 1);
  return (value) => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= -max && (value < max || bits === 64))
      return value;
    throw DecodeFault.type(value, goName);
  };
}

export function decodeFloat(goName: string): Decode {
  return (value) => {
    if (typeof value !== 'number') throw DecodeFault.type(value, goName);
    return value;
  };
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** []byte in standard base64 with padding; line ends inside are let pass, as Go does. */
export function decodeBytes(goName: string): Decode {
  return (value) => {
    if (typeof value !== 'string') throw DecodeFault.type(value, goName);
    const text = value.includes('\n') || value.includes('\r') ? value.replace(/[\r\n]/g, '') : value;
    if (BASE64.test(text)) return text;
    throw DecodeFault.own(`illegal base64 data at input byte ${corruptAt(value)}`);
  };
}

/** Where Go's decoder stops: at the first strange byte, or at the end of the input when the last group is short. */
function corruptAt(text: string): number {
  const strange = text.search(/[^A-Za-z0-9+/\r\n]/);
  if (strange < 0) return Math.floor(text.length / 4) * 4;
  return strange;
}
