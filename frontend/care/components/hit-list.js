/** What a search found: arrow keys go from one to the next, Enter opens. */
import { StatusPill } from "../../shared/components/status-pill.js";
import { date, money } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";
import { orderAddress } from "../addresses.js";
import { leadsTo } from "../hits.js";

/** @param {{found: {tooMany: boolean, hits: any[]}, opened: (address: string, name: string, note: string) => void}} props */
export function HitList({ found, opened }) {
  const similar = found.hits[0]?.closeness === "SIMILAR";
  return html`<section class="stack" aria-label=${t("search.hits")}>
    ${similar && html`<p class="notice" role="status">${t("search.similar")}</p>`}
    ${found.tooMany && html`<p class="notice warn" role="status">${t("search.tooMany")}</p>`}
    <ul role="list" class="hits" onKeyDown=${step}>${found.hits.map((hit) => html`<${Hit} key=${leadsTo(hit) ?? hit.value} hit=${hit} opened=${opened} />`)}</ul>
  </section>`;
}

/** @param {{hit: any, opened: (address: string, name: string, note: string) => void}} props */
function Hit({ hit, opened }) {
  const address = leadsTo(hit);
  const name = hit.order ? hit.order.number : hit.person?.name ?? hit.value;
  const note = hit.order ? hit.person?.name ?? "" : hit.person?.email ?? "";
  return html`<li>
    ${address ? html`<a class="hit" href=${address} onClick=${() => opened(address, name, note)}>${content(hit, name)}</a>` : html`<div class="hit">${content(hit, name)}</div>`}
    ${hit.orders.length > 0 && html`<ul role="list" class="hits below">${hit.orders.map((/** @type {any} */ order) => html`<li key=${order.id}>
      <a class="hit" href=${orderAddress(order.number)} onClick=${() => opened(orderAddress(order.number), order.number, name)}><span>${t("search.order", { number: order.number })}</span>${facts(order)}</a></li>`)}</ul>`}
  </li>`;
}

/**
 * @param {any} hit
 * @param {string} name
 */
function content(hit, name) {
  const person = hit.person;
  const about = hit.order ? [person?.name, person?.city] : [person?.email, person?.city, person?.number];
  return html`<span><strong>${name}</strong> <span class="muted">${[...about, shown(hit)].filter(Boolean).join(" · ")}</span></span>
    ${hit.order && facts(hit.order)}`;
}

/** What was hit, where it is not what stands there anyway. @param {any} hit */
function shown(hit) {
  if (["ORDER_NUMBER", "NAME", "EMAIL", "CUSTOMER_NUMBER"].includes(hit.kind)) return "";
  return `${t(`search.kind.${hit.kind}`)} ${hit.value}`;
}

/** @param {any} order */
const facts = (order) => html`<span class="facts">${date(order.placedAt.slice(0, 10))} <span class="number">${money(order.total)}</span>
  <${StatusPill} tone=${order.state === "CANCELED" || order.state === "REJECTED" ? "bad" : order.state === "COMPLETED" || order.state === "CLOSED" ? "ok" : "info"}>${t(`order.state.${order.state}`)}<//></span>`;

/** @param {KeyboardEvent} event */
function step(event) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
  const ways = /** @type {HTMLElement[]} */ ([.../** @type {HTMLElement} */ (event.currentTarget).querySelectorAll("a")]);
  const at = ways.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  event.preventDefault();
  event.stopPropagation(); // a list below another one moves once
  const next = at + by < 0 ? document.querySelector("main input[type=search]") : ways[at + by];
  /** @type {HTMLElement | null | undefined} */ (next)?.focus();
}
