/** A preview that follows what is typed, and a deed that is done once however often it is clicked or sent. */
import { useEffect, useRef, useSignal } from "../shared/ui.js";

const PAUSE = 300; // milliseconds after typing

/**
 * What the server says would happen; asked anew a moment after `wanted` has changed. Null while nothing is wanted.
 * @param {any} wanted plain data, null for nothing
 * @param {(wanted: any) => Promise<any>} look
 */
export function usePreview(wanted, look) {
  const shown = useSignal(/** @type {any} */ (null));
  const problem = useSignal(/** @type {any} */ (null));
  const waiting = useSignal(false);
  const round = useRef(0);
  const text = JSON.stringify(wanted);
  /** @param {number} pause */
  function ask(pause) {
    const mine = ++round.current;
    waiting.value = wanted !== null;
    if (wanted === null) {
      shown.value = problem.value = null;
      return undefined;
    }
    const timer = setTimeout(async () => {
      try {
        const found = await look(wanted);
        if (mine === round.current) [shown.value, problem.value] = [found, null];
      } catch (refused) {
        if (mine === round.current) [shown.value, problem.value] = [null, refused];
      }
      if (mine === round.current) waiting.value = false;
    }, pause);
    return () => clearTimeout(timer);
  }
  useEffect(() => ask(PAUSE), [text]);
  return { shown, problem, waiting, again: () => void ask(0) };
}

/**
 * The key of one deed: the same for each try of it, another one for what is wanted differently or after `done`.
 * @param {any} wanted plain data
 */
export function useKey(wanted) {
  const { of, done } = useKeyOf();
  return { key: of(wanted), done };
}

/** The same for what is known only when it is sent: the key of all of it. @returns {{of: (wanted: any) => string, done: () => void}} */
export function useKeyOf() {
  const kept = useRef({ text: "", key: "" });
  const of = (/** @type {any} */ wanted) => {
    const text = JSON.stringify(wanted);
    if (kept.current.text !== text || !kept.current.key) kept.current = { text, key: crypto.randomUUID() };
    return kept.current.key;
  };
  return { of, done: () => { kept.current = { text: "", key: "" }; } };
}

/** The key of each deed of a list: the same for each try of it while the page is open. @returns {(deed: string) => string} */
export function useKeys() {
  const kept = useRef(/** @type {Map<string, string>} */ (new Map()));
  return (deed) => {
    if (!kept.current.has(deed)) kept.current.set(deed, crypto.randomUUID());
    return /** @type {string} */ (kept.current.get(deed));
  };
}

/**
 * @typedef {{text: string, set: (typed: string) => void, forget: () => void, asked: {noteToCustomer?: string}}} Note
 */

/**
 * A personal sentence to the customer, typed for one deed on one order and kept until it is done; `asked` is what the
 * server is asked with.
 * @param {string} key
 * @returns {Note}
 */
export function useNote(key) {
  const kept = `draft:note:${key}`;
  const text = useSignal(sessionStorage.getItem(kept) ?? "");
  /** @param {string} typed */
  function set(typed) {
    text.value = typed;
    if (typed) sessionStorage.setItem(kept, typed);
    else sessionStorage.removeItem(kept);
  }
  const said = text.value.trim();
  return { text: text.value, set, forget: () => set(""), asked: said ? { noteToCustomer: said } : {} };
}
