/** The articles of an order: where their pieces are, what became of them, how far they are paid. */
import { StatusPill } from "../../shared/components/status-pill.js";
import { date, money } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";
import { isLate, paidOf, statesOf, whereIs } from "../order-facts.js";

/** @param {{order: any, now: number}} props */
export function OrderLines({ order, now }) {
  return html`<section class="part" aria-label=${t("order.lines")}><h2>${t("order.lines")}</h2>
    <div class="table"><table aria-label=${t("order.lines")}>
      <thead><tr>${["article", "pieces", "where", "status", "value", "paid"].map((name) => html`<th key=${name} scope="col" class=${name === "value" || name === "pieces" ? "number" : undefined}>${t(`order.${name}`)}</th>`)}</tr></thead>
      <tbody>${order.lines.map((/** @type {any} */ line) => Line(order, line, now))}</tbody>
    </table></div>
  </section>`;
}

/** @param {any} order @param {any} line @param {number} now */
function Line(order, line, now) {
  const places = whereIs(order, line.id);
  const late = places.some(({ work }) => isLate(work, now));
  return html`<tr key=${line.id}>
    <td class="head">${line.name}<br /><span class="muted">${line.sku}</span></td>
    <td class="number" data-label=${t("order.pieces")}>${line.ordered}</td>
    <td data-label=${t("order.where")}>${places.length ? places.map(({ work, quantity }) => html`<div key=${work.id}>${quantity} × ${work.placeName}${work.expectedOn && html` <span class="muted">${t("order.expected", { day: date(work.expectedOn) })}</span>`}</div>`) : html`<span class="muted">${t(line.allocated ? "order.planned" : "order.nowhere")}</span>`}</td>
    <td data-label=${t("order.status")}><div class="row tight wrap">${statesOf(line, late).map(({ key, count, tone }) => html`<${StatusPill} key=${key} tone=${tone}>${count < line.ordered ? `${count} × ` : ""}${t(`line.${key}`)}<//>`)}</div></td>
    <td class="number" data-label=${t("order.value")}>${money(line.gross)}</td>
    <td data-label=${t("order.paid")}>${t(`paid.${paidOf(order, line)}`)}</td>
  </tr>`;
}
