/** What the inbox says of each order in a row. */
import { country, date, fromNow } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";
import { OrderState } from "./order-state.js";

/** @typedef {{key: string, label: string, head?: boolean, number?: boolean, cell: (row: any) => any}} Column */

/**
 * Columns as they read at a moment; what failed is said at its order.
 * @param {number} now milliseconds since 1970 @param {Map<string, string>} faults why something could not be done, by id
 * @returns {Column[]}
 */
export function columnsOf(now, faults) {
  return [
    { key: "number", label: t("orders.number"), head: true, cell: (row) => row.number },
    { key: "state", label: t("orders.state"), head: true, cell: (row) => state(row, faults.get(row.id)) },
    { key: "due", label: t("orders.due"), cell: (row) => due(row, now) },
    { key: "to", label: t("orders.to"), cell: whereTo },
    { key: "pieces", label: t("orders.pieces"), number: true, cell: pieces },
  ];
}

/** @param {any} row @param {string | undefined} fault */
function state(row, fault) {
  return html`<${OrderState} order=${row} />${fault && html`<span class="fault">${fault}</span>`}
    ${row.expectedOn && html`<span class="muted">${t("orders.later", { day: date(row.expectedOn) })}</span>`}`;
}

/** @param {any} row */
const pieces = (row) => row.lines.reduce((/** @type {number} */ sum, /** @type {any} */ line) => sum + line.quantity, 0);

/** @param {any} row */
const whereTo = (row) => (row.shippingAddress ? `${row.shippingAddress.city}, ${country(row.shippingAddress.country)}` : t("orders.hidden"));

/** @param {any} row @param {number} now */
function due(row, now) {
  if (!row.dueAt || !["OPEN", "ACCEPTED", "PICKED", "PACKED"].includes(row.state)) return "–";
  const late = new Date(row.dueAt).getTime() < now;
  return html`<span class=${late ? "late" : undefined}>${fromNow(row.dueAt, now)}</span>`;
}
