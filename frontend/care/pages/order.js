/** Everything true about one order, on one page, as it changes. */
import { ask } from "../../shared/api.js";
import { may } from "../../shared/auth.js";
import { EmptyState } from "../../shared/components/empty-state.js";
import { Failure } from "../../shared/components/failure.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { tell } from "../../shared/components/toast.js";
import { actor, country } from "../../shared/format.js";
import { lazy } from "../../shared/lazy.js";
import { lookAnew } from "../../shared/look-anew.js";
import { t } from "../../shared/messages.js";
import { go } from "../../shared/router.js";
import { useShortcuts } from "../../shared/shortcuts.js";
import { html, useEffect, useSignal } from "../../shared/ui.js";
import { useActing } from "../acting.js";
import { byKey, isPage, orderAddress } from "../addresses.js";
import { Holds, Messages, PlaceHold } from "../components/order-acts.js";
import { OrderHead, pagesOf } from "../components/order-head.js";
import { OrderLines } from "../components/order-lines.js";
import { Cases, Late } from "../components/order-notices.js";
import { Deliveries, MoneyPart, Papers } from "../components/order-parts.js";
import { Timeline } from "../components/timeline.js";
import { ORDER, ORDER_CHANGED, ORDER_SINCE, TASKS_CHANGED, TASKS_SINCE, WORK_CHANGED, WORK_SINCE } from "../operations/order.js";
import { useTitle } from "../titles.js";

const NewTask = lazy(() => import("../components/new-task.js"), "NewTask");
const Exchanges = lazy(() => import("../components/order-exchanges.js"), "Exchanges");
const FailedRefunds = lazy(() => import("../components/refund-failed.js"), "FailedRefunds");
const CustomerFlags = lazy(() => import("../components/order-person.js"), "CustomerFlags");
const Complaints = lazy(() => import("../components/order-person.js"), "Complaints");
const Lost = lazy(() => import("../components/lost.js"), "Lost");
// With these no part would be answered either.
const FOR_ALL = ["OFFLINE", "SERVER_AWAY", "UNAUTHENTICATED", "FORBIDDEN"];

/** What is followed while an order is open: itself, its work at places, tasks about it. @param {any} order */
const topics = ({ id, number }) => [
  { name: `order ${id}`, subscription: ORDER_CHANGED, query: ORDER_SINCE, variables: { numbers: [number] } },
  { name: `work ${id}`, subscription: WORK_CHANGED, query: WORK_SINCE, variables: { orders: [id] } },
  { name: `tasks ${id}`, subscription: TASKS_CHANGED, query: TASKS_SINCE, variables: { order: id } },
];

/** @param {{order: string}} props */
export function Page({ order: key }) {
  const found = useSignal(/** @type {any} */ (undefined));
  const problem = useSignal(/** @type {any} */ (null));
  const task = useSignal(false);

  /** All by one question; where that is not answered part by part, so that one that fails takes no other. */
  async function read() {
    try {
      return { ...await ask(ORDER, byKey(key)), lost: {} };
    } catch (/** @type {any} */ failed) {
      if (FOR_ALL.includes(failed.code)) throw failed;
      return (await import("../order-reading.js")).readInParts(byKey(key));
    }
  }
  async function load() {
    try {
      found.value = await read();
      problem.value = null;
    } catch (failed) {
      problem.value = failed;
    }
  }
  /** A part that could not be read is asked for again, alone. @param {import("../order-reading.js").Part} part */
  const again = (part) => async () => {
    const { withParts } = await import("../order-reading.js");
    found.value = await withParts(found.value, byKey(key), [part]);
  };
  const { busy, act } = useActing(load);
  const it = found.value?.order;
  useEffect(() => void load(), []);
  useEffect(() => (it ? lookAnew(topics(it), load, () => busy.value) : undefined), [it?.id]);
  useTitle(it?.number);
  const copy = async () => {
    const { summaryOf } = await import("../order-summary.js");
    await navigator.clipboard.writeText(summaryOf(it, Date.now()));
    tell(t("order.copied"));
  };
  useShortcuts(it ? [
    { keys: "c", label: "order.copy", run: copy, anywhere: true },
    ...pagesOf(it.number).filter((each) => each.keys).map((each) => ({ keys: each.keys, label: each.label, run: () => go(orderAddress(it.number, each.page)), anywhere: true })),
  ] : []);

  if (!found.value) return problem.value ? html`<${Failure} problem=${problem.value} retry=${load} />` : html`<${Skeleton} />`;
  if (!it) return html`<${EmptyState} title=${t("order.unknown")} text=${t("order.unknownText", { key })}><a class="button" href="/care">${t("page.home")}</a><//>`;
  const now = Date.now();
  const { lost } = found.value;
  /** A part, or that it is missing. @param {import("../order-reading.js").Part} part @param {string} title @param {any} shown */
  const part = (part, title, shown) => (lost[part] ? html`<${Lost} title=${title} problem=${lost[part]} retry=${again(part)} />` : shown);
  return html`<div class="stack">
    ${problem.value && html`<${Failure} problem=${problem.value} retry=${load} />`}
    <${OrderHead} order=${it}><div class="row">${customer(it)} ${part("person", t("flags.title"), flagged(found.value.person) && html`<${CustomerFlags} person=${found.value.person} />`)}
      <button type="button" class="button push" onClick=${copy}>${t("order.copy")} <kbd>c</kbd></button></div><//>
    <${Holds} order=${it} busy=${busy.value} act=${act} />
    <${Late} order=${it} now=${now} busy=${busy.value} act=${act} />
    ${part("cases", t("orderCases.title"), html`<${Cases} cases=${found.value.cases.nodes} />`)}
    ${it.routingLock && html`<p class="notice">${t("order.locked", { who: actor(it.routingLock.lockedBy) })} ${it.routingLock.reason}</p>`}
    <div class="sides">
      <div class="stack">
        <${OrderLines} order=${it} now=${now} />
        ${part("work", t("deliveries.title"), html`<${Deliveries} order=${it} now=${now} changed=${load} />`)}
        ${part("money", t("money.title"), html`<${MoneyPart} order=${it} />
          ${it.refunds.some((/** @type {any} */ each) => each.state === "FAILED") && html`<${FailedRefunds} order=${it} changed=${load} />`}`)}
        ${part("back", t("back.title"), html`${it.claims.length > 0 && html`<${Complaints} order=${it} />`}
          ${it.exchanges.length > 0 && html`<${Exchanges} order=${it} busy=${busy.value} act=${act} />`}`)}
        ${part("files", t("papers.title"), html`<${Papers} order=${it} />`)}
        ${part("messages", t("messages.title"), html`<${Messages} order=${it} newest=${found.value.messages} received=${found.value.received} busy=${busy.value} act=${act} />`)}
        ${may("care:write") && html`<details class="part" open=${task.value} onToggle=${(/** @type {Event} */ event) => { task.value = /** @type {HTMLDetailsElement} */ (event.currentTarget).open; }}>
          <summary>${t("task.title")}</summary>${task.value && html`<${NewTask} order=${it} changed=${load} leave=${() => { task.value = false; }} />`}</details>`}
        <${PlaceHold} order=${it} busy=${busy.value} act=${act} />
      </div>
      ${part("story", t("timeline.title"), html`<${Timeline} order=${it} story=${found.value.story} />`)}
    </div>
  </div>`;
}

/** Whether there is something to know of a customer. @param {any} person */
const flagged = (person) => Boolean(person && (person.listings.length || person.tags.length));

/** @param {any} order */
function customer(order) {
  const address = order.shippingAddress ?? order.billingAddress;
  const name = address?.company ?? address?.name ?? order.email;
  const page = order.customerId && `/care/customers/${order.customerId}`;
  return html`<span>${page && may("customers:read") && isPage(page) ? html`<a href=${page}>${name}</a>` : name}${order.email && address && html` · <a href=${`mailto:${order.email}`}>${order.email}</a>`}
    ${address && html`<br /><span class="muted">${[address.street, address.extra, `${address.postalCode} ${address.city}`, country(address.country), address.phone].filter(Boolean).join(", ")}</span>`}</span>`;
}
