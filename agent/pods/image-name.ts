const HOST = '(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)';
const DOMAIN = new RegExp(`^(?:${HOST}(?:\\.${HOST})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`);
const PATH_COMPONENT = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;
const MAX_REPOSITORY_LENGTH = 255;
const INVALID = 'invalid reference format';

/** What is wrong with the name of an image, in the words of distribution/reference (ParseNormalizedNamed); undefined: nothing. */
export function invalidImageName(name: string): string | undefined {
  if (/^[a-f0-9]{64}$/.test(name))
    return `invalid repository name (${name}), cannot specify 64-byte hexadecimal strings`;
  const [domain, remainder] = split(name);
  const [tagged = '', digest, more] = remainder.split('@');
  const [path = '', tag] = tagged.split(':', 2);
  if (path !== path.toLowerCase()) return `${INVALID}: repository name (${path}) must be lowercase`;
  const valid =
    more === undefined &&
    (digest === undefined || DIGEST.test(digest)) &&
    (!tagged.includes(':') || (TAG.test(tag ?? '') && tagged.split(':').length === 2)) &&
    (domain === '' || DOMAIN.test(domain)) &&
    path.split('/').every((component) => PATH_COMPONENT.test(component));
  if (!valid) return INVALID;
  return path.length > MAX_REPOSITORY_LENGTH
    ? `repository name must not be more than ${MAX_REPOSITORY_LENGTH} characters`
    : undefined;
}

/** What stands before the first slash is a host if it looks like one, or cannot be the beginning of a path. */
function split(name: string): [domain: string, remainder: string] {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const isDomain = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  return isDomain ? [first, name.slice(slash + 1)] : ['', name];
}
