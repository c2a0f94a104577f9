import { rewriteHtml } from '../../../functions/apiserver/proxy/rewrite-html.ts';

const prefix = '/api/v1/namespaces/a/pods/b/proxy';

test.each([
  ['a link to the root goes through the proxy', '<a href="/x">', `<a href="${prefix}/x">`],
  ['a relative link stays', '<a href="x">', '<a href="x">'],
  ['another host stays', "<img src='//host/x'>", "<img src='//host/x'>"],
  ['what goes through the proxy already stays', `<a href="${prefix}/x">`, `<a href="${prefix}/x">`],
  ['an attribute that is no link stays', '<a title="/x">', '<a title="/x">'],
  [
    'every link of a tag is rewritten',
    '<VIDEO poster="/p" SRC="/s">',
    `<VIDEO poster="${prefix}/p" SRC="${prefix}/s">`,
  ],
])('%s', (_, html, expected) => {
  expect(rewriteHtml(html, prefix)).toBe(expected);
});
