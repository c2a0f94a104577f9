/** Does it when first asked, and gives everybody the same; a failure is forgotten, so that the next who asks tries again. */
export function once<T>(work: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= work().catch((error) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
