/** Who an order is from, as far as it matters for how they are helped, and what they complained about. */
import { may } from "../../shared/auth.js";
import { StatusPill } from "../../shared/components/status-pill.js";
import { date, dateTime } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";
import { isPage, orderAddress } from "../addresses.js";

/** @type {Record<string, "info" | "ok" | "warn" | "bad">} */
const TONES = { OPEN: "warn", APPROVED: "info", RESOLVED: "ok", DENIED: "bad", CANCELED: "info" };

/** Whether somebody blocked or trusts the customer, why, and their tags. @param {{person: any}} props */
export function CustomerFlags({ person }) {
  const once = new Map(person.listings.map((/** @type {any} */ each) => [`${each.blocked}/${each.reason}`, each]));
  return html`<ul role="list" class="row tight wrap" aria-label=${t("flags.title")}>
    ${[...once.values()].map((each) => html`<li key=${each.reason} class="row tight"><${StatusPill} tone=${each.blocked ? "bad" : "ok"}>${t(each.blocked ? "flags.blocked" : "flags.trusted")}<//>
      <span class="muted">${each.reason}${each.until && `, ${t("flags.until", { day: date(each.until) })}`}</span></li>`)}
    ${person.tags.map((/** @type {string} */ tag) => html`<li key=${tag}><${StatusPill} tone="info">${tag}<//></li>`)}</ul>`;
}

/** Claims of the order, decided and not; they are decided where money goes back. @param {{order: any}} props */
export function Complaints({ order }) {
  const page = orderAddress(order.number, "refund");
  const nameOf = (/** @type {string} */ id) => order.lines.find((/** @type {any} */ line) => line.id === id)?.name ?? "–";
  return html`<section class="part" aria-label=${t("claims.title")}><h2>${t("claims.title")} <span class="badge">${order.claims.length}</span></h2>
    <ul role="list" class="stack">${order.claims.map((/** @type {any} */ each) => html`<li key=${each.id} class="stack close">
      <div class="row"><strong>${each.number}: ${t(`refund.kind.${each.kind}`)}</strong> <${StatusPill} tone=${TONES[each.state]}>${t(`claim.state.${each.state}`)}<//>
        <span class="muted">${dateTime(each.openedAt)}</span>
        ${each.state === "OPEN" && may("refunds:write") && isPage(page) && html`<a class="push" href=${page}>${t("back.decide")}</a>`}</div>
      <p>${each.lines.map((/** @type {any} */ line) => `${line.quantity} × ${nameOf(line.orderLineId)}`).join(", ")}${each.decision && html`<br /><span class="muted">${t("claims.decision", { reason: each.decision })}</span>`}</p>
    </li>`)}</ul></section>`;
}
