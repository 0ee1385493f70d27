/** Short news with a way back: the time to undo stands still while pointer or focus rest on it. */
import { t } from "../messages.js";
import { html, signal } from "../ui.js";

const STAYS = 10_000; // milliseconds

/** @typedef {{id: number, text: string, tone: "info" | "bad", undo?: () => void}} Toast */

const toasts = signal(/** @type {Toast[]} */ ([]));
const timers = new Map();
let last = 0;

/**
 * @param {string} text
 * @param {{undo?: () => void, tone?: "info" | "bad"}} [options]
 */
export function tell(text, { undo, tone = "info" } = {}) {
  const id = ++last;
  toasts.value = [...toasts.value, { id, text, tone, undo }];
  wait(id);
}

/** @param {number} id */
function wait(id) {
  hold(id);
  timers.set(id, setTimeout(() => dismiss(id), STAYS));
}

/** @param {number} id */
function hold(id) {
  clearTimeout(timers.get(id));
}

/** @param {number} id */
function dismiss(id) {
  hold(id);
  timers.delete(id);
  toasts.value = toasts.value.filter((each) => each.id !== id);
}

/** @param {Toast} toast */
function takeBack(toast) {
  dismiss(toast.id);
  toast.undo?.();
}

export function Toasts() {
  return html`<div class="toasts">${["info", "bad"].map(
    (tone) => html`<div key=${tone} role=${tone === "bad" ? "alert" : "status"} class="stack">
      ${toasts.value.filter((each) => each.tone === tone).map(One)}
    </div>`,
  )}</div>`;
}

/** @param {Toast} toast */
function One(toast) {
  const pause = () => hold(toast.id);
  /** It goes on only when neither pointer nor focus rest on it. @param {any} event */
  function on({ currentTarget: news, relatedTarget: next, type }) {
    const focused = type === "focusout" ? news.contains(next) : news.contains(document.activeElement);
    const pointed = type === "mouseleave" ? false : news.matches(":hover");
    if (!focused && !pointed) wait(toast.id);
  }
  return html`<div key=${toast.id} class="toast" onMouseEnter=${pause} onMouseLeave=${on} onFocusIn=${pause} onFocusOut=${on}>
    <span>${toast.text}</span>
    ${toast.undo && html`<button type="button" class="button" onClick=${() => takeBack(toast)}>${t("action.undo")}</button>`}
    <button type="button" class="button plain" aria-label=${t("action.close")} onClick=${() => dismiss(toast.id)}>×</button>
  </div>`;
}
