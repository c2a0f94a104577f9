export * from './selectors/fields.ts';
export * from './selectors/labels.ts';
export * from './selectors/parse-labels.ts';
