/** What left, and the way back as long as there is one. */
import { may } from "../../shared/auth.js";
import { t } from "../../shared/messages.js";
import { html, useEffect, useSignal } from "../../shared/ui.js";

/** @param {{order: any, recall: (shipment: string) => void}} props */
export function Parcels({ order, recall }) {
  const over = useSignal(false);
  const left = order.recallableUntil ? new Date(order.recallableUntil).getTime() - Date.now() : 0;
  useEffect(() => {
    over.value = left <= 0;
    const timer = setTimeout(() => {
      over.value = true;
    }, left);
    return () => clearTimeout(timer);
  }, [order.recallableUntil]);
  const last = order.shipments.filter((/** @type {any} */ shipment) => !shipment.recalledAt).at(-1);
  const sent = order.parcels.filter((/** @type {any} */ parcel) => parcel.state !== "VOIDED");
  if (!sent.length) return null;
  return html`<section class="part"><h2>${t("order.parcels")}</h2><ul role="list">${sent.map((/** @type {any} */ parcel) => html`<li key=${parcel.id}>
    ${parcel.carrier ?? t("order.noCarrier")} ${parcel.trackingUrl ? html`<a href=${parcel.trackingUrl} rel="noreferrer" target="_blank">${parcel.trackingNumber}</a>` : parcel.trackingNumber}
  </li>`)}</ul>
    ${last && left > 0 && !over.value && may("fulfillment:write") && html`<div><button type="button" class="button" onClick=${() => recall(last.id)}>${t("order.takeBack")}</button></div>`}</section>`;
}
