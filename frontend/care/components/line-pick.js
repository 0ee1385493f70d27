/** Which pieces of an order: each line ticked, and how many of it. */
import { money } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";

/** @typedef {Record<string, number>} Picked pieces by line */

/** Pieces that left and did not come back. @param {any} line */
export const out = (line) => line.shipped - line.returned;

/** What an address wants a form to begin with, where that is one of its choices. @param {string[]} choices @param {string | undefined} wanted */
export const begunWith = (choices, wanted) => (wanted && choices.includes(wanted) ? wanted : choices[0]);

/** @param {Picked} picked */
export const piecesOf = (picked) => Object.entries(picked).filter(([, quantity]) => quantity > 0).map(([orderLineId, quantity]) => ({ orderLineId, quantity }));

/** @param {{lines: any[], picked: import("@preact/signals").Signal<Picked>, legend: string}} props */
export function LinePick({ lines, picked, legend }) {
  /** @param {string} id @param {number} quantity */
  const set = (id, quantity) => { picked.value = { ...picked.value, [id]: quantity }; };
  return html`<fieldset><legend>${legend}</legend><ul role="list" class="lines">${lines.filter((line) => out(line) > 0).map((line) => {
    const count = picked.value[line.id] ?? 0;
    /** @param {Event} event */
    const typed = (event) => {
      const wanted = Math.trunc(Number(/** @type {HTMLInputElement} */ (event.target).value));
      if (wanted >= 1 && wanted <= out(line)) set(line.id, wanted);
    };
    return html`<li key=${line.id}>
      <label class="check"><input type="checkbox" checked=${count > 0} onChange=${() => set(line.id, count ? 0 : out(line))} /> ${line.name}</label>
      <span class="number">${money(line.gross)}</span>
      <span class="muted">${line.sku} · ${t("refund.sent", { count: line.shipped })}</span>
      ${count > 0 && html`<label class="row tight">${t("refund.pieces")} <input class="control figure" type="number" inputmode="numeric" min="1" max=${out(line)} value=${count} aria-label=${t("refund.piecesOf", { name: line.name })} onInput=${typed} /></label>`}
    </li>`;
  })}</ul></fieldset>`;
}
