/** A number of pieces: typed, or one more and one less. */
import { t } from "../messages.js";
import { html } from "../ui.js";

/**
 * @param {{id: string, label: string, value: number, max: number, min?: number, change: (value: number) => void}} props
 */
export function Quantity({ id, label, value, max, min = 0, change }) {
  const set = (/** @type {number} */ wanted) => change(Math.min(max, Math.max(min, Number.isFinite(wanted) ? Math.trunc(wanted) : min)));
  /** What depends on it follows at once: nothing moves under the pointer that leaves the field. @param {Event} event */
  function type(event) {
    const { value: text } = /** @type {HTMLInputElement} */ (event.target);
    if (/^\d+$/.test(text)) set(Number(text));
  }
  /** @param {Event} event */
  function settle(event) {
    const field = /** @type {HTMLInputElement} */ (event.target);
    if (!/^\d+$/.test(field.value)) field.value = String(value);
  }
  /** Signs are no part of a number of pieces, so they can be keys in the field, too. @param {KeyboardEvent} event */
  function step(event) {
    const by = { "+": 1, "-": -1 }[event.key];
    if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    set(value + by);
  }
  return html`<div class="quantity" onKeyDown=${step}>
    <label for=${id}>${label}</label>
    <span class="row tight">
      <button type="button" class="button" aria-label=${t("quantity.less", { label })} aria-disabled=${value <= min} onClick=${() => set(value - 1)}>−</button>
      <input id=${id} class="control" inputmode="numeric" autocomplete="off" value=${value} onInput=${type} onChange=${settle} />
      <button type="button" class="button" aria-label=${t("quantity.more", { label })} aria-disabled=${value >= max} onClick=${() => set(value + 1)}>+</button>
    </span>
  </div>`;
}
