/** One tab of a browser leads the others: whoever holds a lock; when its tab is closed the next one in the row does. */

/**
 * Wish to lead; `begin` is called when it comes true. The end of it is what is returned.
 * @param {string} name
 * @param {() => void} begin
 */
export function lead(name, begin) {
  const stopped = new AbortController();
  const over = Promise.withResolvers();
  navigator.locks.request(name, { signal: stopped.signal }, async () => {
    begin();
    await over.promise;
  }).catch(() => {}); // left before it led
  return () => {
    stopped.abort();
    over.resolve(undefined);
  };
}
