import { type ListSource, SharedLists } from '../../../../functions/apiserver/negotiation/shared-lists.ts';

const type = {} as ListSource['type'];
const values = [Buffer.from('a'), Buffer.from('b')];
const source = (list: object = {}, form = 'json'): ListSource => ({
  type,
  form,
  list: { values: [...values], resourceVersion: '7', ...list },
});

test('the same list in the same form is joined once', () => {
  const lists = new SharedLists();
  const first = lists.bytes(source(), () => Buffer.from('first'));
  expect(lists.bytes(source(), () => Buffer.from('second'))).toBe(first);
});

test.each([
  ['another revision', source({ resourceVersion: '8' })],
  ['another page', source({ continue: 'token' })],
  ['other items', source({ values: [values[0]!, Buffer.from('b')] })],
  ['fewer items', source({ values: [values[0]!] })],
  ['another form', source({}, 'protobuf')],
])('%s is joined anew', (_name, other) => {
  const lists = new SharedLists();
  lists.bytes(source(), () => Buffer.from('first'));
  expect(lists.bytes(other, () => Buffer.from('second')).toString()).toBe('second');
});
