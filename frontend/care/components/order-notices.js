/** What somebody should know first: tasks about the order, and what is late with a way to help. */
import { ask, change } from "../../shared/api.js";
import { may } from "../../shared/auth.js";
import { tell } from "../../shared/components/toast.js";
import { date, dateTime } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html, useEffect, useSignal } from "../../shared/ui.js";
import { isPage, orderAddress } from "../addresses.js";
import { ELSEWHERE, SEND_ELSEWHERE } from "../operations/order.js";
import { isLate, isMovable, workOf } from "../order-facts.js";

/** @typedef {(doing: () => Promise<unknown>) => Promise<boolean>} Act */

/** @param {{cases: any[]}} props */
export function Cases({ cases }) {
  if (!cases.length) return null;
  return html`<ul role="list" class="notice stack" aria-label=${t("orderCases.title")}>${cases.map((each) => html`<li key=${each.id} class="row">
    <a href=${`/care/queues?case=${each.id}`}>${t(`case.kind.${each.kind}`)}</a>
    <span class="muted">${t(`case.state.${each.state}`)}, ${dateTime(each.createdAt)}${each.waitUntil && `, ${t("orderCases.waits", { at: dateTime(each.waitUntil) })}`}${each.dueAt && `, ${t("orderCases.due", { at: dateTime(each.dueAt) })}`}</span></li>`)}</ul>`;
}

/** Each piece of work that is late, with the cheapest other place that can send all of it. @param {{order: any, now: number, busy: boolean, act: Act}} props */
export function Late({ order, now, busy, act }) {
  const late = workOf(order).filter((work) => isLate(work, now));
  return late.map((work) => html`<${LateWork} key=${work.id} order=${order} work=${work} busy=${busy} act=${act} />`);
}

/** @param {{order: any, work: any, busy: boolean, act: Act}} props */
function LateWork({ order, work, busy, act }) {
  const offer = useSignal(/** @type {any} */ (undefined));
  const movable = isMovable(work);
  useEffect(() => {
    if (movable && may("routing:read")) ask(ELSEWHERE, { id: work.id }).then(({ reroutePreview }) => { offer.value = best(reroutePreview.candidates); }, () => { offer.value = null; });
    else offer.value = null;
  }, [work.id]);
  const names = work.lines.map((/** @type {any} */ piece) => order.lines.find((/** @type {any} */ line) => line.id === piece.orderLineId)?.name).join(", ");
  const send = () => act(async () => {
    await change(SEND_ELSEWHERE, { id: work.id, reason: t("late.reason"), place: offer.value.locationId });
    tell(t("late.sent", { place: offer.value.placeName }));
  });
  return html`<div class="notice bad stack"><p><strong>${t("late.title", { articles: names, place: work.placeName })}</strong> ${since(work)}</p>
    ${offer.value && html`<div class="row"><p>${t("late.offer", { place: offer.value.placeName, day: date(offer.value.arrivesOn) })}</p>
      ${may("fulfillment:route") ? html`<button type="button" class="button" aria-disabled=${busy} onClick=${send}>${t("late.do")}</button>` : html`<span class="muted">${t("late.lead")}</span>`}
      ${isPage(orderAddress(order.number, "why")) && html`<a class="button plain" href=${orderAddress(order.number, "why")}>${t("late.why")}</a>`}</div>`}
    ${offer.value === null && html`<p>${t(movable ? "late.nowhere" : "late.begun")}</p>`}</div>`;
}

/** @param {any} work */
const since = (work) => (work.shipDueAt ? t("late.since", { at: dateTime(work.shipDueAt) }) : t("late.promised", { at: date(work.promisedOn) }));

/** @param {any[]} candidates */
function best(candidates) {
  const able = candidates.filter((each) => each.feasible && each.arrivesOn);
  return able.sort((one, other) => one.arrivesOn.localeCompare(other.arrivesOn) || one.costCents - other.costCents)[0] ?? null;
}
