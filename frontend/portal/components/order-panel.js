/** An order beside the list: look, decide and send without leaving it. */
import { ask, change } from "../../shared/api.js";
import { may } from "../../shared/auth.js";
import { Failure, unanswered, words } from "../../shared/components/failure.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { tell } from "../../shared/components/toast.js";
import { country, date, dateTime } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { withQuery } from "../../shared/router.js";
import { html, useEffect, useRef, useSignal } from "../../shared/ui.js";
import { ACCEPT, ANSWER_CANCELLATION, ONE_ORDER, RECALL, REJECT, SHIP } from "../operations.js";
import { OrderState } from "./order-state.js";
import { RejectForm } from "./reject-form.js";
import { ShipForm } from "./ship-form.js";

/** `seen` is when the list last saw the order changed. @param {{id: string, seen?: string, changed: () => void}} props */
export function OrderPanel({ id, seen, changed }) {
  const order = useSignal(/** @type {any} */ (undefined));
  const problem = useSignal(/** @type {any} */ (null));
  const busy = useSignal(false);
  const rejecting = useSignal(false);
  const unsure = useSignal(false); // something was asked for, and no answer came
  const heading = useRef(/** @type {HTMLElement | null} */ (null));

  async function load() {
    problem.value = null;
    try {
      order.value = (await ask(ONE_ORDER, { id })).fulfillmentOrder;
      unsure.value = false;
    } catch (failed) {
      problem.value = failed;
    }
  }
  useEffect(() => void load(), [id]);
  useEffect(() => {
    if (seen && order.value && seen !== order.value.updatedAt && !busy.value) load();
  }, [seen]);
  useEffect(() => heading.current?.focus(), [order.value?.id]);
  useEffect(() => {
    // The button that was pressed is gone.
    if (document.activeElement === document.body) heading.current?.focus({ preventScroll: true });
  }, [order.value, rejecting.value]);

  /** One thing at a time; what came of it is told, and list and order are read again. */
  async function act(/** @type {() => Promise<void>} */ doing) {
    if (busy.value) return;
    busy.value = true;
    try {
      await doing();
      rejecting.value = false;
    } catch (/** @type {any} */ refused) {
      unsure.value = unanswered(refused);
      tell(unsure.value ? `${words(refused)} ${t("error.maybeChanged")}` : words(refused), { tone: "bad" });
    }
    busy.value = false;
    await load();
    changed();
  }

  const accept = () => act(async () => {
    await change(ACCEPT, { id });
    tell(t("order.accepted", { number: order.value.number }));
  });
  const reject = (/** @type {any[]} */ lines) => act(async () => {
    await change(REJECT, { id, lines });
    tell(t("order.rejected", { number: order.value.number }));
  });
  const answer = (/** @type {boolean} */ agreed) => act(() => change(ANSWER_CANCELLATION, { id, agreed }));
  const ship = (/** @type {any[]} */ parcels) => act(async () => {
    const { shipment } = await change(SHIP, { id, parcels });
    tell(t("order.shipped", { number: order.value.number }), { undo: () => recall(shipment.id) });
  });
  const recall = (/** @type {string} */ shipment) => act(async () => {
    await change(RECALL, { id: shipment });
    tell(t("order.recalled"));
  });

  if (problem.value) return html`<aside class="panel"><${Failure} problem=${problem.value} retry=${load} changed=${unsure.value} /></aside>`;
  if (order.value === undefined) return html`<aside class="panel"><${Skeleton} rows=${4} /></aside>`;
  if (order.value === null) return html`<aside class="panel"><p>${t("order.gone")}</p><a href=${withQuery({ order: null })}>${t("action.close")}</a></aside>`;
  const it = order.value;
  return html`<aside class="panel stack" aria-label=${it.number}>
    <div class="row"><h2 ref=${heading} tabindex="-1">${it.number}</h2><${OrderState} order=${it} />
      <a class="button plain push" href=${withQuery({ order: null })} aria-label=${t("action.close")}>×</a></div>
    ${facts(it)}
    ${it.cancelRequested && may("fulfillment:write") && html`<${Asked} order=${it} answer=${answer} />`}
    ${rejecting.value ? html`<${RejectForm} order=${it} reject=${reject} leave=${() => { rejecting.value = false; }} />` : html`<${Lines} order=${it} />`}
    ${it.state === "OPEN" && may("fulfillment:write") && !rejecting.value && html`<div class="row">
      <button type="button" class="button main" aria-disabled=${busy.value} onClick=${accept}>${t("order.acceptAll")}</button>
      <button type="button" class="button" onClick=${() => { rejecting.value = true; }}>${t("order.reject")}</button></div>`}
    ${["ACCEPTED", "PICKED", "PACKED"].includes(it.state) && may("fulfillment:write") && !it.cancelRequested && html`<${ShipForm} key=${it.id} busy=${busy.value} ship=${ship} />`}
    <${Parcels} order=${it} recall=${recall} />
  </aside>`;
}

/** @param {any} it */
function facts(it) {
  const address = it.shippingAddress;
  return html`<dl class="facts">
    ${address && html`<dt>${t("order.to")}</dt><dd>${[address.company, address.name, address.street, address.extra].filter(Boolean).join(", ")}<br />
      ${address.postalCode} ${address.city}, ${country(address.country)}</dd>`}
    <dt>${t("order.order")}</dt><dd>${it.orderNumber}</dd>
    ${it.dueAt && it.state === "OPEN" && html`<dt>${t("order.due")}</dt><dd>${dateTime(it.dueAt)}</dd>`}
    ${it.promisedOn && html`<dt>${t("order.promised")}</dt><dd>${date(it.promisedOn)}</dd>`}
  </dl>`;
}

/** @param {{order: any}} props */
function Lines({ order }) {
  return html`<ul role="list" class="lines" aria-label=${t("order.lines")}>${order.lines.map((/** @type {any} */ line) => html`<li key=${line.id}>
    <span>${line.name}<br /><span class="muted">${line.sku}</span></span><span class="number">${line.quantity} ×</span>
    ${line.rejectReason && html`<span class="muted">${t(`reason.${line.rejectReason}`)} ${line.rejectNote}</span>`}
  </li>`)}</ul>`;
}

/** @param {{order: any, answer: (agreed: boolean) => void}} props */
function Asked({ order, answer }) {
  return html`<div class="notice warn stack"><p>${t("order.cancelAskedText")} ${order.cancelReason}</p><div class="row">
    <button type="button" class="button" onClick=${() => answer(true)}>${t("order.cancelAgree")}</button>
    <button type="button" class="button" onClick=${() => answer(false)}>${t("order.cancelTooLate")}</button></div></div>`;
}

/** @param {{order: any, recall: (shipment: string) => void}} props */
function Parcels({ order, recall }) {
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
