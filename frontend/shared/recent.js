/** What somebody did here in the last five minutes and can still take back. */
import { signal } from "./ui.js";

const KEPT = 5 * 60_000; // milliseconds

/** @typedef {{id: number, text: string, at: number, undo: () => void}} Action */

export const recent = signal(/** @type {Action[]} */ ([]));
let last = 0;

/**
 * @param {string} text
 * @param {() => void} undo
 */
export function remember(text, undo) {
  const id = ++last;
  recent.value = [{ id, text, at: Date.now(), undo }, ...recent.value];
  setTimeout(() => forget(id), KEPT);
  return id;
}

/** @param {number} id */
export function forget(id) {
  recent.value = recent.value.filter((each) => each.id !== id);
}
