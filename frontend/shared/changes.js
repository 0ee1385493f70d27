/** What changed of a list, asked for: the catch-up of live lists, and their poll. */
import { ask } from "./api.js";

const GRACE = 60_000; // milliseconds: what is written takes up to a minute to be seen

/**
 * The newest rows of a list, first the one that changed last; with `since` those that changed since about then.
 * Throws `Refused`.
 * @param {{query: string, variables?: Record<string, any>}} topic its query takes `$changedSince` and has one field
 * @param {string | null} since
 * @returns {Promise<any[]>}
 */
export async function changesOf({ query, variables }, since) {
  const data = await ask(query, { ...variables, changedSince: since && new Date(Math.max(0, new Date(since).getTime() - GRACE)).toISOString() });
  return /** @type {any} */ (Object.values(data)[0]).nodes;
}
