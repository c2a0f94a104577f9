/** Attributes that hold a URL, by element. Source: k8s.io/apimachinery/pkg/util/proxy/transport.go. */
const URL_ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  a: ['href'],
  applet: ['codebase'],
  area: ['href'],
  audio: ['src'],
  base: ['href'],
  blockquote: ['cite'],
  body: ['background'],
  button: ['formaction'],
  command: ['icon'],
  del: ['cite'],
  embed: ['src'],
  form: ['action'],
  frame: ['longdesc', 'src'],
  head: ['profile'],
  html: ['manifest'],
  iframe: ['longdesc', 'src'],
  img: ['longdesc', 'src', 'usemap'],
  input: ['src', 'usemap', 'formaction'],
  ins: ['cite'],
  link: ['href'],
  object: ['classid', 'codebase', 'data', 'usemap'],
  q: ['cite'],
  script: ['src'],
  source: ['src'],
  video: ['poster'],
};

const START_TAG = /<([a-zA-Z][a-zA-Z0-9]*)(\s[^<>]*)>/g;
const ATTRIBUTE = /([^\s"'=<>/]+)(\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+)/g;

/** The page with its absolute paths leading through the proxy, so that a browser finds what the page refers to. */
export function rewriteHtml(page: string, prefix: string): string {
  return page.replace(START_TAG, (whole, element: string, attributes: string) => {
    const names = URL_ATTRIBUTES[element.toLowerCase()];
    if (!names) return whole;
    const rewritten = attributes.replace(ATTRIBUTE, (attribute, name: string, equals: string, value: string) =>
      names.includes(name.toLowerCase()) ? `${name}${equals}${rewriteValue(value, prefix)}` : attribute,
    );
    return `<${element}${rewritten}>`;
  });
}

/** With its quotes, if it has some. Paths that already lead through the proxy, and other hosts', stay. */
function rewriteValue(value: string, prefix: string): string {
  const quote = /^["']/.exec(value)?.[0] ?? '';
  const url = value.slice(quote.length, value.length - quote.length);
  return `${quote}${rewriteUrl(url, prefix)}${quote}`;
}

export function rewriteUrl(url: string, prefix: string): string {
  const isPath = url.startsWith('/') && !url.startsWith('//');
  return isPath && !url.startsWith(prefix) ? `${prefix}${url}` : url;
}
