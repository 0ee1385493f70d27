/** Which order this is, and the ways to its pages: the same above each of them. */
import { may } from "../../shared/auth.js";
import { StatusPill } from "../../shared/components/status-pill.js";
import { date, dateTime, money } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { place } from "../../shared/router.js";
import { html } from "../../shared/ui.js";
import { isPage, orderAddress } from "../addresses.js";

/** The pages of an order, with the right each needs and its letter. */
export const ORDER_PAGES = [
  { page: "", label: "head.order", permission: "orders:read", keys: "" },
  { page: "change", label: "head.change", permission: "orders:change", keys: "e" },
  { page: "refund", label: "head.refund", permission: "refunds:write", keys: "t" },
  { page: "money", label: "head.trouble", permission: "dunning:write", keys: "m" },
  { page: "contacts", label: "head.contacts", permission: "care:read", keys: "n" },
  { page: "why", label: "head.why", permission: "routing:read", keys: "w" },
];
const TONES = /** @type {Record<string, "info" | "ok" | "warn" | "bad">} */ ({ COMPLETED: "ok", CLOSED: "ok", CANCELED: "bad", REJECTED: "bad", RECEIVED: "warn" });

/** The pages of an order that there are, and that this person may open. @param {string} number */
export const pagesOf = (number) => ORDER_PAGES.filter(({ page, permission }) => may(permission) && isPage(orderAddress(number, page)));

/**
 * `order` has number, state, placedAt, channel {name}, total and promisedOn.
 * @param {{order: any, children?: any}} props
 */
export function OrderHead({ order, children }) {
  const about = place.value.query.get("case");
  return html`<header class="stack">
    ${about && html`<p><a href=${`/care/queues?case=${encodeURIComponent(about)}`}>← ${t("head.case")}</a></p>`}
    <div class="row"><h1 tabindex="-1">${order.number}</h1>
      <${StatusPill} tone=${TONES[order.state] ?? "info"}>${t(`order.state.${order.state}`)}<//>
      <span>${dateTime(order.placedAt)} · ${order.channel.name} · ${money(order.total)}</span>
      ${order.promisedOn && html`<span class="muted">${t("head.promised", { day: date(order.promisedOn) })}</span>`}</div>
    <nav class="tabs" aria-label=${t("head.pages")}>${pagesOf(order.number).map(({ page, label, keys }) => {
      const address = orderAddress(order.number, page);
      return html`<a key=${page} href=${address} aria-current=${place.value.path === address ? "page" : undefined}>${t(label)}${keys && html` <kbd>${keys}</kbd>`}</a>`;
    })}</nav>
    ${children}
  </header>`;
}
