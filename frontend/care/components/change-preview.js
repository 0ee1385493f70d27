/** What a change does, before it is done: pieces, money, tax, places, messages. */
import { date, money } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";
import { Letters } from "./customer-note.js";

/** @param {{preview: any, places: any[]}} props */
export function ChangePreview({ preview, places }) {
  const { money: sums } = preview;
  const nameOf = (/** @type {string} */ id) => places.find((each) => each.id === id)?.name ?? "–";
  const touched = preview.lines.filter((/** @type {any} */ line) => line.quantityBefore !== line.quantityAfter || !line.lineId);
  const earned = preview.promotions.filter((/** @type {any} */ each) => each.before.amount !== each.after.amount);
  return html`<dl class="facts">
    ${touched.map((/** @type {any} */ line, /** @type {number} */ at) => html`<dt key=${at}>${line.name}<br />${line.sku}</dt>
      <dd>${line.quantityBefore} → <strong>${line.quantityAfter}</strong>${line.asked > 0 && html` · ${t("change.asked", { count: line.asked })}`}${" · "}${signed({ ...line.after.gross, amount: line.after.gross.amount - line.before.gross.amount })}
        ${line.sendings.map((/** @type {any} */ each, /** @type {number} */ index) => html`<br key=${index} /><span class="muted">${t("change.from", { count: each.quantity, place: nameOf(each.locationId), day: date(each.arrivesOn) })}</span>`)}
        ${line.missing > 0 && html`<br /><span class="late">${t("change.missing", { count: line.missing })}</span>`}</dd>`)}
    ${earned.map((/** @type {any} */ each) => html`<dt key=${each.code}>${each.label}</dt><dd>${money(each.before)} → ${money(each.after)} <span class="muted">${t(each.returnRule === "RECHECK" ? "change.RECHECK" : "change.KEEP_SHARE")}</span></dd>`)}
    ${preview.lostDiscount.amount !== 0 && html`<dt>${t("change.lostDiscount")}</dt><dd>${signed(preview.lostDiscount)}</dd>`}
    ${preview.charges.map((/** @type {any} */ each, /** @type {number} */ at) => html`<dt key=${`c${at}`}>${each.name}</dt><dd>${signed(each.gross)}</dd>`)}
    ${preview.tax.amount !== 0 && html`<dt>${t("change.tax")}</dt><dd>${signed(preview.tax)}</dd>`}
    <dt>${t("change.total")}</dt><dd>${money(preview.totalBefore)} → <strong>${money(preview.totalAfter)}</strong></dd>
    ${sums.refund.amount > 0 && html`<dt>${t("change.refund")}</dt><dd><strong>${money(sums.refund)}</strong>${sums.shares.map((/** @type {any} */ share) => html`<br key=${share.paymentId} /><span class="muted">${t("change.over", { amount: money(share.amount), method: share.label ?? t(`method.${share.kind}`) })}</span>`)}</dd>`}
    ${sums.released.amount > 0 && html`<dt>${t("change.released")}</dt><dd>${money(sums.released)}</dd>`}
    ${sums.toPay.amount > 0 && html`<dt>${t("change.toPay")}</dt><dd><strong>${money(sums.toPay)}</strong><br /><span class="muted">${sums.method ? t("change.by.method", { method: sums.method.label ?? t(`method.${sums.method.kind}`) }) : t("change.open")}</span></dd>`}
    ${preview.asks.map((/** @type {any} */ each) => html`<dt key=${each.number}>${t("change.asksFirst")}</dt><dd>${t("change.asks", { place: nameOf(each.locationId), count: each.pieces })}</dd>`)}
    ${preview.moves.length > 0 && html`<dt>${t("change.routed")}</dt><dd>${preview.moves.map((/** @type {any} */ each, /** @type {number} */ at) => html`<div key=${at}>${t("change.from", { count: each.quantity, place: nameOf(each.locationId), day: date(each.arrivesOn) })}</div>`)}</dd>`}
    ${preview.promisedBefore !== preview.promisedAfter && html`<dt>${t("change.promised")}</dt><dd>${preview.promisedBefore ? date(preview.promisedBefore) : "–"} → ${date(preview.promisedAfter)}</dd>`}
    ${preview.stateBefore !== preview.stateAfter && html`<dt>${t("change.state")}</dt><dd>${t(`order.state.${preview.stateAfter}`)}</dd>`}
  </dl>
  <${Letters} messages=${preview.messages} />`;
}

/** @param {{amount: number, currency: string}} sum */
const signed = (sum) => `${sum.amount > 0 ? "+" : ""}${money(sum)}`;
