/** What was opened lately in this tab: the first thing somebody looks for is often what they just had. */
import { signal } from "../shared/ui.js";

const KEY = "care:seen"; // goes with the session, as all of sessionStorage does
const MOST = 8;

/** @typedef {{address: string, name: string, note: string}} Seen */

export const seen = signal(read());

/** @returns {Seen[]} */
function read() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
  } catch {
    return [];
  }
}

/** Put it first, once. @param {Seen} what */
export function saw(what) {
  seen.value = [what, ...read().filter((each) => each.address !== what.address)].slice(0, MOST);
  sessionStorage.setItem(KEY, JSON.stringify(seen.value));
}
