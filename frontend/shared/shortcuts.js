/** Keys for those who work without a pointer. Each has a visible control; single letters can be switched off. */
import { go } from "./router.js";
import { isTyping } from "./scanner.js";
import { signal, useEffect } from "./ui.js";

/**
 * A thing to do: by its keys ("a", "Ctrl Enter") or from the palette. `label` is a key of the words.
 * @typedef {{keys?: string, label: string, run: () => void, anywhere?: boolean}} Shortcut
 */

const PAUSE = 1500; // milliseconds between g and the letter after it
const OFF = "letters off";
const FOCUSED = "table, .panel, [data-keys]";
const PAGE = "body, main, h1"; // what has the focus where nothing of a page has it yet

/** What can be done on the page that is shown. @type {import("@preact/signals").Signal<Shortcut[]>} */
export const known = signal(/** @type {Shortcut[]} */ ([]));
/** Which layer lies over the page. */
export const layer = signal(/** @type {"palette" | "help" | null} */ (null));
export const letters = signal(localStorage.getItem(OFF) === null);

/** @param {boolean} on */
export function switchLetters(on) {
  letters.value = on;
  if (on) localStorage.removeItem(OFF);
  else localStorage.setItem(OFF, "yes");
}

/** Things to do as long as the component is shown. @param {Shortcut[]} given */
export function useShortcuts(given) {
  useEffect(() => {
    known.value = [...known.value, ...given];
    return () => {
      known.value = known.value.filter((each) => !given.includes(each));
    };
  }, given.flatMap((each) => [each.keys, each.label, each.run]));
}

/** The keys of an event as shortcuts write them. @param {KeyboardEvent} event */
export function keysOf(event) {
  return [event.ctrlKey || event.metaKey ? "Ctrl" : "", event.altKey ? "Alt" : "", event.key].filter(Boolean).join(" ");
}

let goes = 0; // when g was pressed

/**
 * Follow the keys of the page; `sections` are where g and a letter lead, and `/` where the page has no field of its own
 * to search in. A question in front of the page leaves single letters without meaning. The end of it is what is returned.
 * @param {{path: string, letter?: string, search?: boolean}[]} sections
 */
export function listen(sections) {
  /** @param {KeyboardEvent} event */
  function key(event) {
    if (event.defaultPrevented || event.isComposing) return;
    const keys = keysOf(event);
    if (keys === "Ctrl k" || keys === "Ctrl K") return act(event, () => { layer.value = "palette"; });
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (plain && (isTyping(event.target) || document.querySelector("dialog[open]") || layer.value || !letters.value)) return;
    if (plain && keys === "?") return act(event, () => { layer.value = "help"; });
    if (plain && keys === "/") return act(event, () => search(sections));
    if (plain && Date.now() - goes < PAUSE) {
      goes = 0;
      const section = sections.find((each) => each.letter === keys);
      if (section) return act(event, () => go(section.path));
    }
    if (plain && keys === "g") goes = Date.now();
    const focused = event.target instanceof Element && (event.target.matches(PAGE) || event.target.closest(FOCUSED));
    const found = known.value.findLast((each) => each.keys === keys && (!plain || each.anywhere || focused));
    if (found) act(event, found.run);
  }
  document.addEventListener("keydown", key);
  return () => document.removeEventListener("keydown", key);
}

/** To the field of the page to search in, or to the page that has one. @param {{path: string, search?: boolean}[]} sections */
function search(sections) {
  const field = /** @type {HTMLElement | null} */ (document.querySelector("main input[type=search]"));
  const page = sections.find((each) => each.search);
  if (field) field.focus();
  else if (page) go(page.path);
}

/**
 * @param {KeyboardEvent} event
 * @param {() => void} run
 */
function act(event, run) {
  event.preventDefault();
  run();
}
