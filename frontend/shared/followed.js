/** A list that is followed: from where on, and what was heard of it, so that nothing is told twice. */

/**
 * `subscription` tells updates of a list (`id`, `gone`, `node`), `query` its rows; both take `$changedSince` and the
 * `variables`, and have one field, and their nodes `id` and `updatedAt`. Topics of other variables have other names.
 * @typedef {{name: string, subscription: string, query: string, variables?: Record<string, any>}} Topic
 * @typedef {{id: string, gone: boolean, node: any}} Update
 * @typedef {{topic: Topic, since: string | null, heard: Map<string, string>}} Followed
 */

/** @param {Topic} topic @param {string | null} since @returns {Followed} */
export const followedFrom = (topic, since) => ({ topic, since, heard: new Map() });

/** @param {Followed} it @param {Update} update */
export function hearing(it, { id, node }) {
  const version = node?.updatedAt ?? "";
  it.heard.set(id, version);
  if (version > (it.since ?? "")) it.since = version;
}

/** Where the list stands: what changes later is news. @param {Followed} it @param {any[]} rows the newest first */
export function placeAt(it, rows) {
  for (const node of rows) it.heard.set(node.id, node.updatedAt);
  it.since ??= rows[0]?.updatedAt ?? new Date(0).toISOString();
}
