/** Deliveries, money and papers of an order. */
import { may } from "../../shared/auth.js";
import { StatusPill } from "../../shared/components/status-pill.js";
import { date, dateTime, money } from "../../shared/format.js";
import { lazy } from "../../shared/lazy.js";
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";
import { isLate, moneyOf, workOf } from "../order-facts.js";

const ParcelReport = lazy(() => import("./parcel-report.js"), "ParcelReport");
const REPORTED = ["IN_TRANSIT", "EXCEPTION", "LOST"]; // parcels of which people may know more
const DONE = ["SHIPPED", "DELIVERED", "PICKED_UP"];
// Files beside invoices and credit notes, which are papers of their own.
const FILES = ["DELIVERY_NOTE", "SHIPPING_LABEL", "GOODS_LABEL", "RETURN_LABEL", "RETURN_SLIP"];
const BY_ITSELF = ["RETURN", "CANCELLATION"]; // whose reason nobody wrote
const PARCEL_TONES = /** @type {Record<string, "info" | "ok" | "warn" | "bad">} */ ({ DELIVERED: "ok", EXCEPTION: "bad", LOST: "bad", RETURNED: "warn" });

/** @param {{order: any, now: number, changed: () => Promise<unknown>}} props */
export function Deliveries({ order, now, changed }) {
  const rows = workOf(order);
  return html`<section class="part" aria-label=${t("deliveries.title")}><h2>${t("deliveries.title")} <span class="badge">${rows.length}</span></h2>
    ${!rows.length && html`<p class="muted">${t("deliveries.none")}</p>`}
    <ul role="list" class="stack">${rows.map((work) => html`<li key=${work.id} class="stack close">
      <div class="row"><strong>${work.placeName}</strong> <span class="muted">${work.number}</span>
        <${StatusPill} tone=${isLate(work, now) ? "bad" : DONE.includes(work.state) ? "ok" : "info"}>${isLate(work, now) ? `${t("line.late")}: ` : ""}${t(`work.${work.state}`)}<//>
        ${work.cancelRequested && html`<span class="muted">${t("deliveries.stopping")}</span>`}
        ${work.promisedOn && !DONE.includes(work.state) && html`<span class="muted">${t("head.promised", { day: date(work.promisedOn) })}</span>`}</div>
      ${work.parcels.map((/** @type {any} */ parcel) => html`<div key=${parcel.id} class="row">
        <${StatusPill} tone=${PARCEL_TONES[parcel.state] ?? "info"}>${t(`parcel.${parcel.state}`)}<//>
        <span>${parcel.carrier ?? t("deliveries.noCarrier")} ${parcel.trackingUrl ? html`<a href=${parcel.trackingUrl} target="_blank" rel="noreferrer">${parcel.trackingNumber}</a>` : parcel.trackingNumber}</span>
        ${REPORTED.includes(parcel.state) && (may("orders:write") || may("fulfillment:write")) && html`<${ParcelReport} parcel=${parcel} changed=${changed} />`}</div>`)}
      ${sentAt(order, work)}
    </li>`)}</ul>
  </section>`;
}

/** @param {any} order @param {any} work */
function sentAt(order, work) {
  const shipments = order.shipments.filter((/** @type {any} */ each) => each.fulfillmentOrderId === work.id && !each.recalledAt);
  return shipments.map((/** @type {any} */ each) => html`<p key=${each.id} class="muted">${t("deliveries.sent", { at: dateTime(each.shippedAt) })}${each.deliveredAt && `, ${t("deliveries.arrived", { at: dateTime(each.deliveredAt) })}`}</p>`);
}

/** @param {{order: any}} props */
export function MoneyPart({ order }) {
  const sums = moneyOf(order);
  const shown = /** @type {(keyof typeof sums)[]} */ (["invoiced", "credited", "captured", "refunded", "refunding", "open"]);
  return html`<section class="part" aria-label=${t("money.title")}><h2>${t("money.title")}</h2>
    <dl class="facts">${shown.filter((name) => sums[name].amount || ["invoiced", "captured", "open"].includes(name)).map((name) => html`<dt key=${name}>${t(`money.${name}`)}</dt><dd class=${name === "open" && sums.open.amount ? "late" : undefined}>${money(sums[name])}</dd>`)}
      ${order.payments.map((/** @type {any} */ each) => html`<dt key=${each.id}>${t(`method.${each.kind}`)} ${each.label ?? ""}</dt><dd>${money(each.amount)}, ${t(`payment.${each.state}`)}</dd>`)}
      ${order.refunds.map((/** @type {any} */ each) => html`<dt key=${each.id}>${t("money.refund")}</dt><dd>${money(each.amount)}, ${t(`refundKind.${each.kind}`)}, ${t(`refundState.${each.state}`)} <span class="muted">${BY_ITSELF.includes(each.kind) ? "" : each.reason}</span></dd>`)}
      ${vouchersOf(order).map((/** @type {any} */ each) => html`<dt key=${each.id}>${t("money.voucher")}</dt><dd>${money(each.amount)}, ${t(each.issuedAt ? "money.voucherSent" : `goodwill.state.${each.state}`)} <span class="muted">${t(`goodwill.reason.${each.reason}`)}</span></dd>`)}</dl>
  </section>`;
}

/** Vouchers that were given, or are to be; other goodwill is money, and told as refunds. @param {any} order @returns {any[]} */
const vouchersOf = (order) => order.goodwill.filter((/** @type {any} */ each) => each.form === "VOUCHER");

/** @param {{order: any}} props */
export function Papers({ order }) {
  const papers = [
    ...order.invoices.map((/** @type {any} */ each) => ({ ...each, label: t("papers.invoice") })),
    ...order.creditNotes.map((/** @type {any} */ each) => ({ ...each, label: t("papers.creditNote") })),
    ...order.documents.filter((/** @type {any} */ each) => FILES.includes(each.kind)).map((/** @type {any} */ each) => ({ ...each, label: t(`papers.${each.kind}`), document: each })),
  ];
  return html`<section class="part" aria-label=${t("papers.title")}><h2>${t("papers.title")} <span class="badge">${papers.length}</span></h2>
    ${!papers.length && html`<p class="muted">${t("papers.none")}</p>`}
    <ul role="list">${papers.map((each) => html`<li key=${each.id}>${each.document ? html`<a href=${each.document.url} target="_blank">${each.label} ${each.number}</a>` : html`${each.label} ${each.number} <span class="muted">${t("papers.soon")}</span>`} ${each.gross && money(each.gross)}</li>`)}</ul>
    ${order.returns.map((/** @type {any} */ each) => html`<p key=${each.id}>${t("papers.return", { number: each.number })}: ${t(`return.${each.state}`)}${each.labelTracking && `, ${each.labelTracking}`}</p>`)}
  </section>`;
}
