/** Notes which parameters a handler looks at, so that none that was given is dropped in silence. */
export function watchReads(params: unknown): { readonly params: unknown; unread(): readonly string[] } {
  if (typeof params !== 'object' || params === null) return { params, unread: () => [] };
  const read = new Set<PropertyKey>();
  const watched = new Proxy(params, {
    get(target, key, receiver) {
      read.add(key);
      return Reflect.get(target, key, receiver);
    },
  });
  return { params: watched, unread: () => Object.keys(params).filter((key) => !read.has(key)) };
}
