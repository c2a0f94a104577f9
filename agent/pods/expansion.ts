/**
 * Replaces $(NAME) by its value; $$ is a dollar sign, and what names no variable stays as it is.
 * Source: third_party/forked/golang/expansion.
 */
export function expand(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(/\$(\$|\(([^)]*)\))/g, (whole, escaped: string, name: string | undefined) => {
    if (escaped === '$') return '$';
    return values.get(name!) ?? whole;
  });
}

/** The names that `expand` would have left as they are: subPathExpr must resolve whole. */
export function unresolved(text: string, values: ReadonlyMap<string, string>): string[] {
  return [...text.matchAll(/\$(\$|\(([^)]*)\))/g)].flatMap(([, escaped, name]) =>
    escaped === '$' || values.has(name!) ? [] : [name!],
  );
}
