import { revisionData } from '../../../functions/controllers/history.ts';

it('writes a revision as Go writes a map: clients look for the present one by its bytes', () => {
  const containers = [{ name: 'c', image: 'i', args: ['b', 'a'] }];
  expect(JSON.stringify(revisionData({ spec: { containers }, metadata: { labels: { b: '1', a: '2' } } }))).toBe(
    '{"spec":{"template":{"$patch":"replace","metadata":{"labels":{"a":"2","b":"1"}},"spec":{"containers":[{"args":["b","a"],"image":"i","name":"c"}]}}}}',
  );
});
