import { parseRewrite, rewritten } from '../../../agent/ingress/rewrite.ts';

test.each([
  ['/', '/', '/a/b', '/'],
  ['/old', '/new', '/old/x', '/new'],
  ['/api(/|$)(.*)', '/$2', '/api/v1/pods', '/v1/pods'],
  ['/api(/|$)(.*)', '/$2', '/api', '/'],
  ['/api/(.*)', '/v2/$1', '/api/pods', '/v2/pods'],
  ['/(.*)', '/base/$1', '/pods', '/base/pods'],
  ['/api(/|$)(.*)', '/$2', '/api/$1/x', '/$1/x'],
])('path %s with target %s turns %s into %s', (path, target, asked, expected) => {
  const { rewrite } = parseRewrite(path, target);
  expect(rewritten(asked, rewrite!)).toBe(expected);
});

test('the path that is matched is the one before the capture', () => {
  expect(parseRewrite('/api(/|$)(.*)', '/$2').path).toBe('/api');
  expect(parseRewrite('/(.*)', '/$1').path).toBe('/');
  expect(parseRewrite('/api', undefined)).toEqual({ path: '/api' });
});
