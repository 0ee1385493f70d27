/** Goods of an order that are given for others, and what each waits for. */
import { change } from "../../shared/api.js";
import { may } from "../../shared/auth.js";
import { StatusPill } from "../../shared/components/status-pill.js";
import { dayOf, money } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";
import { APPROVE_EXCHANGE, CANCEL_EXCHANGE } from "../operations/exchange.js";

/** @type {Record<string, "info" | "ok" | "warn" | "bad">} */
const TONES = { REQUESTED: "warn", APPROVED: "info", RECEIVED: "info", FULFILLED: "ok", CANCELED: "bad" };

/** @param {{order: any, busy: boolean, act: (doing: () => Promise<unknown>) => unknown}} props */
export function Exchanges({ order, busy, act }) {
  if (!order.exchanges.length) return null;
  const nameOf = (/** @type {string} */ id) => order.lines.find((/** @type {any} */ line) => line.id === id)?.name ?? "–";
  return html`<section class="part" aria-label=${t("exchange.title")}><h2>${t("exchange.title")} <span class="badge">${order.exchanges.length}</span></h2>
    <ul role="list" class="stack">${order.exchanges.map((/** @type {any} */ each) => html`<li key=${each.id} class="stack close">
      <div class="row"><strong>${each.number}</strong> <${StatusPill} tone=${isLate(each) ? "bad" : TONES[each.state]}>${isLate(each) ? t("exchange.overdue") : t(`exchange.state.${each.state}`)}<//>
        <span class="muted">${t(`exchange.way.${each.way}`)}${each.dueAt && !each.receivedAt && `, ${t("exchange.due", { day: dayOf(each.dueAt) })}`}</span></div>
      ${each.lines.map((/** @type {any} */ line) => html`<p key=${line.id}>${line.quantity} × ${nameOf(line.orderLineId)} → ${line.name} <span class="muted">${line.sku}</span></p>`)}
      ${isLate(each) && each.asked.amount > 0 && html`<p class="late">${t("exchange.asked", { amount: money(each.asked) })}</p>`}
      ${each.state === "CANCELED" && html`<p class="muted">${each.decision ?? ""}</p>`}
      ${["REQUESTED", "APPROVED"].includes(each.state) && each.way === "AFTER_RETURN" && html`<div class="row">
        ${each.state === "REQUESTED" && may("returns:write") && html`<button type="button" class="button" aria-disabled=${busy} onClick=${() => act(() => change(APPROVE_EXCHANGE, { id: each.id }))}>${t("exchange.approve")}</button>`}
        <button type="button" class="button push" aria-disabled=${busy} onClick=${() => act(() => change(CANCEL_EXCHANGE, { id: each.id, reason: t("exchange.notWanted") }))}>${t("exchange.cancel")}</button></div>`}
    </li>`)}</ul></section>`;
}

/** @param {any} each */
const isLate = (each) => Boolean(each.overdueAt && !each.receivedAt && each.state !== "CANCELED");
