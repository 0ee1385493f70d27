/** Why pieces are refused; before anything is done it says what becomes of the stock. One click on a reason is enough. */
import { ask } from "../../shared/api.js";
import { t } from "../../shared/messages.js";
import { html, useEffect, useRef, useSignal } from "../../shared/ui.js";
import { FIGURES } from "../operations.js";

export const REASONS = ["OUT_OF_STOCK", "DAMAGED", "DISCONTINUED", "CAPACITY", "ADDRESS", "OTHER"];

/** Reasons after which nothing of the article is there any more. @param {string} reason */
export const sellsOut = (reason) => ["OUT_OF_STOCK", "DISCONTINUED"].includes(reason);

/**
 * @param {{lines: {sku: string, name: string, quantity: number, locationId: string}[], busy: boolean,
 *   done: (why: {reason: string, note: string | null, sellsOut: boolean}) => void, leave: () => void}} props
 */
export function ReasonForm({ lines, busy, done, leave }) {
  const note = useSignal("");
  const first = useRef(/** @type {HTMLButtonElement | null} */ (null));
  useEffect(() => first.current?.focus(), []);
  const choose = (/** @type {string} */ reason) => !busy && done({ reason, note: note.value.trim() || null, sellsOut: sellsOut(reason) });
  return html`<form class="stack reasons" onSubmit=${(/** @type {Event} */ event) => event.preventDefault()} onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Escape" && leave()}>
    <p>${t("reject.why")}</p>
    <div class="row">${REASONS.map((reason, at) => html`<button key=${reason} ref=${at ? undefined : first} type="button" class="button" aria-disabled=${busy} onClick=${() => choose(reason)}>${t(`reason.${reason}`)}</button>`)}
      <button type="button" class="button plain" onClick=${leave}>${t("action.back")}</button></div>
    <${Stock} lines=${lines} />
    <div class="field"><label for="reject-note">${t("reject.note")}</label><input id="reject-note" maxlength="300" value=${note.value} onInput=${(/** @type {Event} */ event) => { note.value = /** @type {HTMLInputElement} */ (event.target).value; }} /></div>
    <p class="muted">${t("reject.follows")}</p>
  </form>`;
}

/** What is still free of the articles, and that it will be nothing. @param {{lines: any[]}} props */
export function Stock({ lines }) {
  const free = useSignal(/** @type {any[]} */ ([]));
  const skus = [...new Set(lines.map((line) => line.sku))].slice(0, 100);
  const places = new Set(lines.map((line) => line.locationId));
  useEffect(() => {
    ask(FIGURES, { skus }).then(({ stockLevels }) => {
      free.value = stockLevels.nodes.filter((/** @type {any} */ level) => places.has(level.locationId));
    }, () => {});
  }, [skus.join()]);
  if (!free.value.length) return null;
  return html`<div class="notice warn"><p>${t("reject.empties")}</p>
    <ul>${free.value.map((level) => html`<li key=${level.sku + level.locationId}>${t("reject.toZero", { sku: level.sku, count: level.available })}</li>`)}</ul></div>`;
}
