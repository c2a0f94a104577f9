import { lastKnown } from '../../../agent/volumes/last-known.ts';
import type { ContentSource } from '../../../agent/volumes/sources.ts';
import { StatusError } from '../../../lib/api/status.ts';

/** Answers what it is told to. */
function source() {
  const state: { answer: unknown } = { answer: undefined };
  const answer = async () => {
    if (state.answer instanceof Error) throw state.answer;
    return state.answer as any;
  };
  const content = { configMap: answer, secret: answer, trustBundles: answer } as unknown as ContentSource;
  return { state, content: lastKnown(content) };
}

const overload = new StatusError(429, 'TooManyRequests', 'slow down');

test('what the apiserver said last counts while it does not answer, and no longer', async () => {
  const { state, content } = source();
  state.answer = { data: { a: '1' } };
  await content.configMap('default', 'c');
  state.answer = overload;
  expect(await content.configMap('default', 'c')).toEqual({ data: { a: '1' } });
  state.answer = undefined;
  expect(await content.configMap('default', 'c')).toBeUndefined();
});

test('what was never read is not known, and a refusal is an answer', async () => {
  const { state, content } = source();
  state.answer = overload;
  await expect(content.secret('default', 's')).rejects.toBe(overload);
  state.answer = {};
  await content.secret('default', 's');
  state.answer = new StatusError(403, 'Forbidden', 'no');
  await expect(content.secret('default', 's')).rejects.toMatchObject({ code: 403 });
});
