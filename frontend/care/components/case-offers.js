/** Articles that are not available: for each what can be offered, and doing it without leaving the case. */
import { ask } from "../../shared/api.js";
import { may } from "../../shared/auth.js";
import { words } from "../../shared/components/failure.js";
import { tell } from "../../shared/components/toast.js";
import { date } from "../../shared/format.js";
import { lazy } from "../../shared/lazy.js";
import { t } from "../../shared/messages.js";
import { html, useEffect, useSignal } from "../../shared/ui.js";
import { orderAddress } from "../addresses.js";
import { cancelInput, placesOf, swapInput } from "../case-choices.js";
import { MISSING, OFFERS } from "../operations/cases.js";
import { PLACES } from "../operations/change.js";
import { siblingsOf } from "../siblings.js";

const ChangeDialog = lazy(() => import("./change-dialog.js"), "ChangeDialog");
const WaitDialog = lazy(() => import("./wait-dialog.js"), "WaitDialog");
/** @typedef {{what: "wait" | "swap" | "cancel", line: any, day?: string, others?: any[]}} Doing */

/** `wait` puts the case aside until a day; null where it may not be. @param {{it: any, wait: ((day: string) => Promise<unknown>) | null, changed: () => Promise<unknown>}} props */
export function CaseOffers({ it, wait, changed }) {
  const found = useSignal(/** @type {any} */ (null));
  const problem = useSignal(/** @type {any} */ (null));
  const doing = useSignal(/** @type {Doing | null} */ (null));
  const sku = useSignal("");

  async function load() {
    try {
      const { order } = await ask(MISSING, { id: it.orderId });
      const lines = order.lines.filter((/** @type {any} */ line) => line.unallocated > 0);
      const items = lines.map((/** @type {any} */ line) => ({ sku: line.sku, quantity: line.unallocated }));
      const [{ availability }, { stockLocations }] = items.length ? await Promise.all([ask(OFFERS, { channel: order.channel.code, items, country: order.country }), ask(PLACES)]) : [{ availability: [] }, { stockLocations: { nodes: [] } }];
      found.value = { order, lines, bySku: new Map(availability.map((/** @type {any} */ each) => [each.sku, each])), places: stockLocations.nodes };
      problem.value = null;
    } catch (failed) {
      problem.value = failed;
    }
  }
  useEffect(() => void load(), [it.orderId, it.updatedAt]);

  if (problem.value) return html`<p class="notice bad">${words(problem.value)}</p>`;
  if (!found.value) return null;
  const { order, lines, bySku, places } = found.value;
  const leave = () => { doing.value = null; };
  const done = async () => {
    await load();
    await changed();
  };
  async function swap(/** @type {any} */ line) {
    try {
      const others = await siblingsOf(order, line, line.unallocated);
      sku.value = others[0]?.sku ?? "";
      doing.value = { what: "swap", line, others };
    } catch (/** @type {any} */ refused) {
      tell(words(refused), { tone: "bad" });
    }
  }
  const dialog = doing.value;
  const change = { orderId: it.orderId, places, leave, changed: done };
  return html`<section class="stack" aria-label=${t("offers.title")}><h3>${t("offers.title")}</h3>
    ${!lines.length && html`<p>${t("offers.none")}</p>`}
    <ul role="list" class="stack">${lines.map((/** @type {any} */ line) => html`<${Line} key=${line.id} line=${line} order=${order} known=${bySku.get(line.sku)} places=${places} caseId=${it.id} wait=${wait}
      begin=${(/** @type {Doing} */ next) => { doing.value = next; }} swap=${() => swap(line)} />`)}</ul>
    ${lines.length > 0 && html`<p class="muted">${t("offers.byItself")}</p>`}
    ${dialog?.what === "wait" && wait && html`<${WaitDialog} order=${{ ...order, id: it.orderId }} day=${dialog.day} wait=${wait} leave=${leave} />`}
    ${dialog?.what === "cancel" && html`<${ChangeDialog} ...${change} title=${t("offers.cancelOne", { name: dialog.line.name })} input=${cancelInput(dialog.line)} reason=${t("offers.notThere")} />`}
    ${dialog?.what === "swap" && html`<${ChangeDialog} ...${change} title=${t("offers.swapOne", { name: dialog.line.name })} input=${swapInput(dialog.line, sku.value)} reason=${t("offers.notThere")}>
      <div class="field"><label for="offer-other">${t("change.other")}</label><select id="offer-other" value=${sku.value} onChange=${(/** @type {Event} */ event) => { sku.value = /** @type {HTMLSelectElement} */ (event.target).value; }}>
        ${!dialog.others?.length && html`<option value="">${t("change.noOther")}</option>`}
        ${dialog.others?.map((each) => html`<option key=${each.sku} value=${each.sku}>${each.name} ${each.sku}${each.earliestOn ? ` · ${t("change.by", { day: date(each.earliestOn) })}` : ""}</option>`)}</select></div><//>`}
  </section>`;
}

/** @param {{line: any, order: any, known: any, places: any[], caseId: string, wait: any, begin: (next: Doing) => void, swap: () => void}} props */
function Line({ line, order, known, places, caseId, wait, begin, swap }) {
  const day = known?.missing ? null : known?.earliestOn;
  const others = placesOf(known, places, order);
  const stores = (known?.pickups ?? []).filter((/** @type {any} */ each) => each.quantity >= line.unallocated);
  const pickUp = (/** @type {any} */ each) => `${orderAddress(order.number, "change")}?${new URLSearchParams({ do: "pickup", store: each.location, case: caseId })}`;
  const nameOf = (/** @type {any} */ each) => places.find((place) => place.id === each.locationId)?.name ?? each.location;
  return html`<li class="stack close">
    <p><strong>${line.unallocated} × ${line.name}</strong><br />${day ? t("offers.there", { day: date(day) }) : t("offers.nowhere")}</p>
    ${others.length > 0 && html`<ul role="list" aria-label=${t("offers.places", { name: line.name })}>${others.map((each) => html`<li key=${each.locationId}>${each.name}: ${t("offers.has", { count: each.quantity })}${each.expected > 0 && `, ${t("offers.expected", { count: each.expected })}`} · <span class="muted">${each.reason ? t(`hurdle.${each.reason}`) : t(`offers.${each.known}`)}</span></li>`)}</ul>`}
    <div class="row wrap">
      ${day && wait && html`<button type="button" class="button" onClick=${() => begin({ what: "wait", line, day })}>${t("offers.wait", { day: date(day) })}</button>`}
      ${may("orders:change") && html`${order.deliveryType === "SHIP" && stores.slice(0, 3).map((/** @type {any} */ each) => html`<a key=${each.location} class="button" href=${pickUp(each)}>${t("offers.pickUp", { place: nameOf(each) })}</a>`)}
        <button type="button" class="button" aria-label=${t("offers.swapOne", { name: line.name })} onClick=${swap}>${t("offers.swap")}</button>
        <button type="button" class="button" aria-label=${t("offers.cancelOne", { name: line.name })} onClick=${() => begin({ what: "cancel", line })}>${t("offers.cancel")}</button>`}</div>
  </li>`;
}
