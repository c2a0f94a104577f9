export { resolve, type Schema, schemaOf, schemaOfDefinition } from './schema/openapi.ts';
export { definitionOf, type Shape, type ShapeField, type ShapeType, shapeOf } from './schema/shape.ts';
export { type Decoded, type SchemaOptions, validateSchema } from './schema/validate.ts';
