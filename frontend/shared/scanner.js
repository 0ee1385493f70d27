/**
 * Scanners that type: what they read comes as a quick burst of keys, with or without Enter at its end. The field takes
 * every key that nothing else wants, so that nobody has to click into it first.
 */

const QUICK = 60; // milliseconds between keys: people are slower
const SHORTEST = 6; // letters: what is quicker typed by hand ends with Enter
const REST = 300; // milliseconds without a key end a burst that brings no Enter
const KEPT = "scanner"; // "enter" once a scanner of this browser has sent one

/**
 * Read scans from a field: `scan` gets each text once, in order. The end of it is what is returned.
 * @param {HTMLInputElement} field
 * @param {(text: string) => void} scan
 */
export function attach(field, scan) {
  let begun = 0;
  let timer = 0;

  function take() {
    clearTimeout(timer);
    const text = field.value.trim();
    field.value = "";
    if (text) scan(text);
  }

  /** @param {KeyboardEvent} event */
  function key(event) {
    const own = event.target === field;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (!own && (isTyping(event.target) || (event.key === " " || event.key === "Enter"))) return; // buttons keep their keys
    if (!own && event.key.length === 1) field.focus(); // the key itself goes into the field then
    if (event.key.length === 1 && !field.value) begun = event.timeStamp;
    if (!own || event.key !== "Enter") return;
    event.preventDefault();
    if (isBurst(field.value, event.timeStamp - begun)) localStorage.setItem(KEPT, "enter");
    take();
  }

  /** @param {Event} event */
  function input(event) {
    clearTimeout(timer);
    if (localStorage.getItem(KEPT) === "enter" || !isBurst(field.value, event.timeStamp - begun)) return;
    timer = setTimeout(take, REST);
  }

  document.addEventListener("keydown", key);
  field.addEventListener("input", input);
  return () => {
    clearTimeout(timer);
    document.removeEventListener("keydown", key);
    field.removeEventListener("input", input);
  };
}

/**
 * Whether a text that took so long was typed by a machine.
 * @param {string} text
 * @param {number} milliseconds
 */
export function isBurst(text, milliseconds) {
  return text.length >= SHORTEST && milliseconds <= QUICK * text.length;
}

/** Whether keys go into what has the focus. @param {EventTarget | null} target */
export function isTyping(target) {
  return target instanceof Element && target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]") !== null;
}

const GERMAN = "zyZYß?´`öÖäÄüÜ";
const AMERICAN = "yzYZ-_=+;:'\"[{";

/**
 * What an American scanner meant that types into a German keyboard's computer; the text itself where nothing differs.
 * @param {string} text
 */
export function relaid(text) {
  return [...text].map((letter) => (GERMAN.includes(letter) ? AMERICAN[GERMAN.indexOf(letter)] : letter)).join("");
}

/**
 * Work done one after the other in the order it was asked for, however long each takes; none is lost to a failure.
 * @template T
 * @param {(each: T) => Promise<void>} work
 */
export function inOrder(work) {
  let last = Promise.resolve();
  return (/** @type {T} */ each) => {
    last = last.then(() => work(each)).catch(() => {});
    return last;
  };
}
