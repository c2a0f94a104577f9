import { rewriteHtml } from '../../../functions/apiserver/proxy/rewrite-html.ts';

const PREFIX = '/api/v1/namespaces/n/services/web/proxy';

test.each([
  ['<a href="/x">x</a>', `<a href="${PREFIX}/x">x</a>`],
  [`<a class="/c" href='/x'>`, `<a class="/c" href='${PREFIX}/x'>`],
  ['<img src=/i.png />', `<img src=${PREFIX}/i.png />`],
  ['<FORM METHOD=post ACTION="/go">', `<FORM METHOD=post ACTION="${PREFIX}/go">`],
  ['<a href="x">', '<a href="x">'],
  ['<a href="//other.example/x">', '<a href="//other.example/x">'],
  ['<a href="https://other.example/x">', '<a href="https://other.example/x">'],
  [`<a href="${PREFIX}/x">`, `<a href="${PREFIX}/x">`],
  ['<p title="/x">/x</p>', '<p title="/x">/x</p>'],
])('%s becomes %s', (page, expected) => expect(rewriteHtml(page, PREFIX)).toBe(expected));
