/**
 * The pull policy that an image reference implies: Always for `latest`, said or meant, else IfNotPresent.
 * Source: k8s.io/kubernetes/pkg/util/parsers ParseImageName, which takes `latest` for a reference without tag and digest.
 */
export function impliedPullPolicy(image: string | undefined): 'Always' | 'IfNotPresent' {
  if (!image) return 'IfNotPresent';
  const [name = '', digest] = image.split('@', 2);
  const tag = /:([^/:]+)$/.exec(name)?.[1];
  if (tag === undefined) return digest === undefined ? 'Always' : 'IfNotPresent';
  return tag === 'latest' ? 'Always' : 'IfNotPresent';
}
