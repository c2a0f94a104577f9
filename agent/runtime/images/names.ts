/** `busybox` → `docker.io/library/busybox:latest`. Source: distribution/reference, ParseDockerRef. */
export function fullImageName(name: string): string {
  const [path = '', digest] = name.split('@', 2);
  const slash = path.indexOf('/');
  const first = slash < 0 ? '' : path.slice(0, slash);
  const hasDomain = /[.:]/.test(first) || first === 'localhost';
  const domain = hasDomain ? (first === 'index.docker.io' ? 'docker.io' : first) : 'docker.io';
  const rest = hasDomain ? path.slice(slash + 1) : path;
  const repository = domain === 'docker.io' && !rest.includes('/') ? `library/${rest}` : rest;
  if (digest) return `${domain}/${repository.replace(/:[^/:]*$/, '')}@${digest}`;
  return /:[^/]+$/.test(repository) ? `${domain}/${repository}` : `${domain}/${repository}:latest`;
}
