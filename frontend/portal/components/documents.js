/** The papers of an order, one or several in one file; printed again each keeps its number. */
import { t } from "../../shared/messages.js";
import { html, useSignal } from "../../shared/ui.js";
import { print } from "../answering.js";

const KINDS = ["PICK_LIST", "DELIVERY_NOTE", "INVOICE", "RETURN_LABEL", "SHIPPING_LABEL"];
const USUAL = ["PICK_LIST", "DELIVERY_NOTE"];

/** Invoices are papers for those who agreed to see prices. @param {string[]} kinds @param {any} order */
export const papersOf = (kinds, order) => kinds.filter((kind) => kind !== "INVOICE" || order.pricesShown);

/** @param {{order: any}} props */
export function Documents({ order }) {
  const chosen = useSignal(new Set(USUAL));
  if (["REJECTED", "CANCELED", "SCHEDULED", "DELIVERED", "PICKED_UP"].includes(order.state)) return null;
  const toggle = (/** @type {string} */ kind) => () => {
    const next = new Set(chosen.value);
    if (!next.delete(kind)) next.add(kind);
    chosen.value = next;
  };
  return html`<section class="part"><h2>${t("papers.title")}</h2>
    <div class="row">${papersOf(KINDS, order).map((kind) => html`<label key=${kind} class="check"><input type="checkbox" checked=${chosen.value.has(kind)} onChange=${toggle(kind)} /> ${t(`papers.${kind}`)}</label>`)}</div>
    <div><button type="button" class="button" onClick=${() => void print(KINDS.filter((kind) => chosen.value.has(kind)), () => (chosen.value.size ? [order.id] : []))}>${t("papers.print")}</button></div>
  </section>`;
}
