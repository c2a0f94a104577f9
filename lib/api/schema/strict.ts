import { goQuote } from '../go-text.ts';
import { type ShapeType, shapeOf } from './shape.ts';

/** Fields that a kind does not know, in the order of the document. Walked only when the decoder has met one. */
export function unknownFields(object: object, definition: string): string[] {
  const found: string[] = [];
  walkStruct(object as Record<string, unknown>, definition, '', found);
  return found;
}

/** Source: sigs.k8s.io/json saveStrictError. */
export const MAX_STRICT_ERRORS = 100;

function walkStruct(value: Record<string, unknown>, definition: string, path: string, found: string[]): void {
  const fields = shapeOf(definition)?.fields;
  if (!fields) return;
  for (const key of Object.keys(value)) {
    const at = path === '' ? key : `${path}.${key}`;
    const field = fields.find(({ name }) => name === key);
    if (field) walk(value[key], field.type, at, found);
    else if (found.length < MAX_STRICT_ERRORS) found.push(`unknown field ${goQuote(at)}`);
  }
}

function walk(value: unknown, type: ShapeType, path: string, found: string[]): void {
  if (typeof value !== 'object' || value === null) return;
  switch (type.kind) {
    case 'pointer':
      walk(value, type.of, path, found);
      break;
    case 'struct':
      walkStruct(value as Record<string, unknown>, type.definition, path, found);
      break;
    case 'list':
      for (const [index, item] of Object.entries(value)) walk(item, type.of, `${path}[${index}]`, found);
      break;
    case 'map':
      for (const [key, item] of Object.entries(value)) walk(item, type.of, `${path}.${key}`, found);
  }
}
