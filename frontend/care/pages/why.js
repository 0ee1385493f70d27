/** Why an order is served from where: each round of the decision as it was stored, and what could be done otherwise. */
import { ask, change } from "../../shared/api.js";
import { may } from "../../shared/auth.js";
import { EmptyState } from "../../shared/components/empty-state.js";
import { Failure } from "../../shared/components/failure.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { tell } from "../../shared/components/toast.js";
import { actor, date, dateTime, money } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { useShortcuts } from "../../shared/shortcuts.js";
import { html, useEffect, useSignal } from "../../shared/ui.js";
import { useActing } from "../acting.js";
import { byKey } from "../addresses.js";
import { CostBars } from "../components/cost-bars.js";
import { OrderHead } from "../components/order-head.js";
import { WhatIf } from "../components/what-if.js";
import { WhyMap } from "../components/why-map.js";
import { LOCK, UNLOCK, WHY } from "../operations/why.js";
import { useTitle } from "../titles.js";

const MOVABLE = ["SCHEDULED", "OPEN", "ACCEPTED", "ON_HOLD"];

/** @param {{order: string}} props */
export function Page({ order: key }) {
  const order = useSignal(/** @type {any} */ (undefined));
  const problem = useSignal(/** @type {any} */ (null));
  const chosen = useSignal(/** @type {number | null} */ (null)); // which round; the last one unless said

  async function load() {
    try {
      order.value = (await ask(WHY, byKey(key))).order;
      problem.value = null;
    } catch (failed) {
      problem.value = failed;
    }
  }
  const { busy, act } = useActing(load);
  useEffect(() => void load(), []);
  useTitle(order.value?.number);
  const it = order.value;
  const rounds = it?.routingDecisions ?? [];
  const at = Math.min(chosen.value ?? rounds.length - 1, rounds.length - 1);
  const step = (/** @type {number} */ by) => () => { chosen.value = Math.max(0, Math.min(rounds.length - 1, at + by)); };
  useShortcuts(rounds.length > 1 ? [
    { keys: "ArrowLeft", label: "why.before", run: step(-1), anywhere: true },
    { keys: "ArrowRight", label: "why.after", run: step(1), anywhere: true },
  ] : []);

  if (it === undefined) return problem.value ? html`<${Failure} problem=${problem.value} retry=${load} />` : html`<${Skeleton} />`;
  if (it === null) return html`<${EmptyState} title=${t("order.unknown")} text=${t("order.unknownText", { key })}><a class="button" href="/care">${t("page.home")}</a><//>`;
  const movable = it.fulfillmentOrders.filter((/** @type {any} */ work) => MOVABLE.includes(work.state));
  return html`<div class="stack">
    ${problem.value && html`<${Failure} problem=${problem.value} retry=${load} />`}
    <${OrderHead} order=${it} />
    ${rounds.length ? html`<nav class="tabs" aria-label=${t("why.rounds")}>${rounds.map((/** @type {any} */ each, /** @type {number} */ index) => html`<button key=${each.id} type="button" class="button" aria-pressed=${index === at} onClick=${() => { chosen.value = index; }}>
      ${t("why.round", { number: index + 1 })} <span class="muted">${t(`occasion.${each.occasion}`)}, ${dateTime(each.decidedAt)}</span></button>`)}</nav>
      <${Round} order=${it} round=${rounds[at]} />` : html`<${EmptyState} title=${t("why.none")} text=${t("why.noneText")} />`}
    <section class="part" aria-label=${t("why.elsewhere")}><h2>${t("why.elsewhere")}</h2>
      ${!movable.length && html`<p class="muted">${t("why.nothingMovable")}</p>`}
      ${movable.map((/** @type {any} */ work) => html`<${WhatIf} key=${work.id} work=${work} currency=${rounds.at(-1)?.view.cost.currency ?? it.total.currency} busy=${busy.value} act=${act} />`)}</section>
    <${Lock} order=${it} busy=${busy.value} act=${act} />
  </div>`;
}

/** @param {{order: any, round: any}} props */
function Round({ order, round }) {
  const { view } = round;
  const names = new Map(order.lines.map((/** @type {any} */ line) => [line.id, line.name]));
  const taken = new Set(view.chosen.map((/** @type {any} */ each) => each.locationId));
  const others = view.considered.filter((/** @type {any} */ each) => !taken.has(each.locationId));
  return html`<${WhyMap} view=${view} address=${order.shippingAddress ?? order.billingAddress} /><ol class="rounds">
    <li><h2>${t("why.demand")}</h2><p>${wanted(order).join(", ")}. ${t("why.policy", { policy: round.policy })}${round.unsent ? ` ${t("why.unsent", { count: round.unsent })}` : ""}</p></li>
    <li><h2>${t("why.considered", { count: view.considered.length + view.omitted })}</h2>
      <ul role="list" class="stack">${others.map((/** @type {any} */ each) => html`<li key=${each.locationId}><details><summary>${each.place}: ${money(each.cost)}${each.missing ? `, ${t("why.lacks", { count: each.missing })}` : `, ${t("why.there", { day: date(each.arrivesOn) })}`}</summary><${CostBars} terms=${each.terms} cost=${each.cost} /></details></li>`)}</ul>
      ${!others.length && html`<p class="muted">${t("why.noOther")}</p>`}</li>
    <li><h2>${t("why.dropped", { count: view.dropped.length })}</h2><ul role="list">${view.dropped.map((/** @type {any} */ each) => html`<li key=${each.locationId}>${each.place} ${each.reason}</li>`)}</ul></li>
    <li><h2>${t("why.terms")}</h2><${CostBars} terms=${view.terms} cost=${view.cost} />
      ${view.runnerUp && html`<p class="muted">${t("why.runnerUp", { amount: money(view.runnerUp) })}</p>`}</li>
    <li><h2>${t("why.chosen")}</h2>${!view.chosen.length && html`<p>${t("why.nothing")}</p>`}
      <ul role="list">${view.chosen.map((/** @type {any} */ each) => html`<li key=${each.locationId}><strong>${each.place}</strong>: ${each.pieces.map((/** @type {any} */ piece) => `${piece.quantity} × ${names.get(piece.orderLineId) ?? ""}`).join(", ")}, ${t("why.leaves", { day: date(each.leavesOn) })}, ${t("why.there", { day: date(each.arrivesOn) })}, ${money(each.cost)}${each.carrier && `, ${each.carrier}`}</li>`)}</ul>
      <details><summary>${t("why.words")}</summary><ul class="plain">${round.explanation.map((/** @type {string} */ each) => html`<li key=${each}>${each}</li>`)}</ul></details></li>
  </ol>`;
}

/** @param {{order: any, busy: boolean, act: (doing: () => Promise<unknown>) => Promise<boolean>}} props */
function Lock({ order, busy, act }) {
  const reason = useSignal("");
  if (!may("fulfillment:route")) return order.routingLock ? html`<p class="notice">${t("order.locked", { who: actor(order.routingLock.lockedBy) })} ${order.routingLock.reason}</p>` : null;
  const unlock = () => act(async () => {
    const before = order.routingLock.reason;
    await change(UNLOCK, { id: order.id });
    tell(t("why.unlocked"), { undo: () => act(() => change(LOCK, { id: order.id, reason: before })) });
  });
  const lock = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    act(async () => {
      await change(LOCK, { id: order.id, reason: reason.value });
      tell(t("why.locked"), { undo: () => act(() => change(UNLOCK, { id: order.id })) });
    });
  };
  return html`<section class="part" aria-label=${t("why.lock")}><h2>${t("why.lock")}</h2>
    ${order.routingLock ? html`<div class="row"><p>${t("order.locked", { who: actor(order.routingLock.lockedBy) })} ${order.routingLock.reason}</p><button type="button" class="button" aria-disabled=${busy} onClick=${unlock}>${t("why.unlock")}</button></div>`
      : html`<form class="row foot" onSubmit=${lock}><div class="field"><label for="lock-reason">${t("why.lockReason")}</label><input id="lock-reason" required maxlength="500" value=${reason.value} onInput=${(/** @type {Event} */ event) => { reason.value = /** @type {HTMLInputElement} */ (event.target).value; }} /></div><button class="button" aria-disabled=${busy}>${t("why.doLock")}</button></form>`}
  </section>`;
}

/** What is to be sent; of an order that was canceled whole, what was. @param {any} order @returns {string[]} */
function wanted(order) {
  const left = order.lines.filter((/** @type {any} */ line) => line.ordered > line.canceled);
  return (left.length ? left : order.lines).map((/** @type {any} */ line) => `${line.ordered - (left.length ? line.canceled : 0)} × ${line.name}`);
}
