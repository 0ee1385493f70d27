/**
 * The focus is never lost for those who work by keys: where what had it goes away, what stands next takes it, and a page
 * that is opened gives it to its heading. What places the focus itself goes first.
 */
import { place } from "./router.js";
import { effect } from "./ui.js";

const ABLE = "a[href], button, input, select, textarea, summary, [tabindex]";
const NEWS = ".toasts";
const PLACES = "#content, .shell > header"; // beyond these something else than a part of a page went away
const REST = 60; // milliseconds in which a page may place the focus itself

/** What had the focus last; the same, news left out. */
let last = /** @type {Element | null} */ (null);
let outside = /** @type {Element | null} */ (null);
/** Where what had the focus stood, by what remained before it. */
let gap = /** @type {{parent: Node, before: Node | null} | null} */ (null);
let opening = false;
let timer = 0;

/** Keep it, from now on. */
export function keepFocus() {
  document.addEventListener("focusin", ({ target }) => {
    last = /** @type {Element} */ (target);
    if (!last.closest(NEWS)) outside = last;
    gap = null;
    opening = false;
  });
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["open"] });
  let path = place.value.path;
  effect(() => {
    if (place.value.path === path) return;
    path = place.value.path;
    opening = true;
    soon();
  });
}

/** @param {MutationRecord[]} records */
function look(records) {
  if (last && !last.isConnected) {
    for (const { target, removedNodes, previousSibling } of records) {
      if ([...removedNodes].some((node) => node.contains(last))) gap = { parent: target, before: previousSibling };
    }
  }
  if (opening || gap || records.some((each) => each.type === "attributes")) soon();
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(settle, REST);
}

function settle() {
  if (document.activeElement && document.activeElement !== document.body) {
    gap = null;
    opening = false;
    return;
  }
  const next = opening ? heading() : gap ? follower(gap) ?? heading() : folded();
  next?.focus({ preventScroll: opening });
}

/** The heading of a page; none while it is on its way. @returns {HTMLElement | null} */
function heading() {
  const found = document.getElementById("content")?.querySelector("h1, .empty h2, [role=alert]");
  if (!(found instanceof HTMLElement)) return null;
  if (!found.hasAttribute("tabindex")) found.tabIndex = -1;
  return found;
}

/** What stands next to where something was: behind it, else before it, in the same part or around it. @param {{parent: Node, before: Node | null}} gone */
function follower({ parent, before }) {
  if (last?.closest(NEWS)) return outside?.isConnected ? /** @type {HTMLElement} */ (outside) : null;
  let mark = before;
  for (let part = /** @type {Node | null} */ (parent.isConnected ? parent : null); part instanceof HTMLElement && part.closest(PLACES); part = part.parentNode) {
    const able = /** @type {HTMLElement[]} */ ([...part.querySelectorAll(ABLE)]).filter(takes);
    const found = able.find((each) => !mark?.isConnected || (!mark.contains(each) && Boolean(mark.compareDocumentPosition(each) & Node.DOCUMENT_POSITION_FOLLOWING)));
    if (found ?? able.at(-1)) return found ?? able.at(-1);
    mark = part;
  }
  return null;
}

/** What opens a part again that was folded around the focus. @returns {HTMLElement | null} */
function folded() {
  return last?.isConnected && !last.getClientRects().length ? last.closest("details")?.querySelector("summary") ?? null : null;
}

/** @param {HTMLElement} each */
const takes = (each) => each.tabIndex >= 0 && !each.matches(":disabled") && each.getClientRects().length > 0 && !each.closest(NEWS);
