/** What cannot be sent: how many pieces of which line, and why. */
import { t } from "../../shared/messages.js";
import { html, useEffect, useRef, useSignal } from "../../shared/ui.js";

const REASONS = ["OUT_OF_STOCK", "DAMAGED", "DISCONTINUED", "CAPACITY", "ADDRESS", "OTHER"];

/** @param {{order: any, reject: (lines: any[]) => void, leave: () => void}} props */
export function RejectForm({ order, reject, leave }) {
  const problem = useSignal("");
  const first = useRef(/** @type {HTMLInputElement | null} */ (null));
  useEffect(() => first.current?.focus(), []);

  function submit(/** @type {SubmitEvent} */ event) {
    event.preventDefault();
    const given = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const lines = order.lines.map((/** @type {any} */ line) => ({ lineId: line.id, quantity: Number(given.get(line.id)), reason: given.get("reason"), note: given.get("note") || null }));
    const chosen = lines.filter((/** @type {any} */ line) => line.quantity > 0);
    problem.value = chosen.length ? "" : t("reject.none");
    if (chosen.length) reject(chosen);
  }

  return html`<form class="stack" onSubmit=${submit} onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Escape" && leave()}>
    <p>${t("reject.what")}</p>
    ${problem.value && html`<div class="notice bad" role="alert">${problem.value}</div>`}
    <ul role="list" class="lines">${order.lines.map((/** @type {any} */ line, /** @type {number} */ at) => html`<li key=${line.id}>
      <label for=${`r-${line.id}`}>${line.name}<br /><span class="muted">${line.sku}</span></label>
      <input ref=${at ? undefined : first} class="control" id=${`r-${line.id}`} name=${line.id} type="number" min="0" max=${line.quantity} defaultValue=${order.lines.length > 1 ? 0 : line.quantity} inputmode="numeric" />
    </li>`)}</ul>
    <div class="field"><label for="reason">${t("reject.why")}</label>
      <select id="reason" name="reason">${REASONS.map((reason) => html`<option key=${reason} value=${reason}>${t(`reason.${reason}`)}</option>`)}</select></div>
    <div class="field"><label for="note">${t("reject.note")}</label><input id="note" name="note" maxlength="300" /></div>
    <p class="muted">${t("reject.follows")}</p>
    <div class="row"><button class="button main">${t("reject.do")}</button>
      <button type="button" class="button" onClick=${leave}>${t("action.back")}</button></div>
  </form>`;
}
