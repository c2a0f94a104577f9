/**
 * Links of a proxied page that begin with a slash lead back through the proxy, as kube-apiserver rewrites them.
 * Source: atomsToAttrs and rewriteURL of k8s.io/apimachinery/pkg/util/proxy/transport.go.
 */
const ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
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
  video: ['poster', 'src'],
};

const TAG = /<([a-z]+)(\s[^<>]*)>/gi;
const ATTRIBUTE = /(\s)([a-z]+)(\s*=\s*)("[^"]*"|'[^']*')/gi;

/** `prefix` is the proxy's own path, without a slash at its end. */
export function rewriteHtml(html: string, prefix: string): string {
  return html.replace(TAG, (tag, name: string, attributes: string) => {
    const links = ATTRIBUTES[name.toLowerCase()];
    return links ? `<${name}${rewriteAttributes(attributes, links, prefix)}>` : tag;
  });
}

function rewriteAttributes(text: string, links: readonly string[], prefix: string): string {
  return text.replace(ATTRIBUTE, (all, space: string, name: string, equals: string, quoted: string) => {
    const value = quoted.slice(1, -1);
    if (!links.includes(name.toLowerCase()) || !leadsToRoot(value) || value.startsWith(prefix)) return all;
    return `${space}${name}${equals}${quoted[0]}${prefix}${value}${quoted[0]}`;
  });
}

/** `//host/path` leads elsewhere. */
function leadsToRoot(value: string): boolean {
  return value.startsWith('/') && !value.startsWith('//');
}
