/** A customer: who is it, what did they buy and send back, and what can be done about their data. */
import { ask, change } from "../../shared/api.js";
import { may } from "../../shared/auth.js";
import { EmptyState } from "../../shared/components/empty-state.js";
import { Failure, words } from "../../shared/components/failure.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { StatusPill } from "../../shared/components/status-pill.js";
import { tell } from "../../shared/components/toast.js";
import { actor, country, date, dateTime, money } from "../../shared/format.js";
import { lazy } from "../../shared/lazy.js";
import { t } from "../../shared/messages.js";
import { go, place } from "../../shared/router.js";
import { useShortcuts } from "../../shared/shortcuts.js";
import { html, useEffect, useRef, useSignal } from "../../shared/ui.js";
import { orderAddress } from "../addresses.js";
import { Consents } from "../components/consents.js";
import { customerAddress } from "../hits.js";
import { CUSTOMER, EXPORT } from "../operations/customers.js";
import { saw } from "../seen.js";
import { useTitle } from "../titles.js";

const Merge = lazy(() => import("../components/merge-customer.js"), "Merge");
const Listing = lazy(() => import("../components/list-customer.js"), "Listing");
const NewContact = lazy(() => import("../components/new-contact.js"), "NewContact");
const Erase = lazy(() => import("../components/erase-customer.js"), "Erase");
const LOOK_AGAIN = [1000, 2000, 4000, 8000, 15000]; // milliseconds until an export is looked for again

/** @param {{customer: string}} props */
export function Page({ customer: id }) {
  const found = useSignal(/** @type {any} */ (undefined));
  const problem = useSignal(/** @type {any} */ (null));
  const open = useSignal(place.value.query.get("do") === "list" && may("risk:review") ? "list" : /** @type {string | null} */ (null));
  const making = useSignal(false);
  const left = useRef(false);

  async function load() {
    problem.value = null;
    try {
      const { customerProfile, orders, contacts } = await ask(CUSTOMER, { id });
      found.value = customerProfile && { ...customerProfile, orders, contacts: contacts.nodes };
    } catch (failed) {
      problem.value = failed;
    }
  }
  useEffect(() => {
    load();
    return () => {
      left.current = true;
    };
  }, []);
  useEffect(() => {
    const it = found.value?.customer;
    if (it && !found.value.erasedAt) saw({ address: customerAddress(id), name: it.name, note: it.email ?? it.number });
  }, [found.value]);
  useTitle(found.value?.customer.name);
  useShortcuts([
    { keys: "o", label: "customer.toOrders", run: toOrders },
    { keys: "n", label: "customer.contact", run: () => { const last = found.value?.orders.nodes[0]; if (last) go(orderAddress(last.number, "contacts")); else if (acts()) open.value = "contact"; } },
    { keys: "m", label: "customer.merge", run: () => { if (acts()) open.value = "merge"; } },
  ]);
  const acts = () => found.value && !found.value.erasedAt && !found.value.mergedIntoId && may("care:write");

  async function save() {
    if (making.value) return;
    making.value = true;
    const before = found.value.exports.length ? found.value.exports[0].id : null;
    try {
      await change(EXPORT, { id });
      tell(t("customer.exportBegun"));
      for (const pause of LOOK_AGAIN) {
        await new Promise((resolve) => setTimeout(resolve, pause));
        if (left.current) return;
        await load();
        if (found.value?.exports[0] && found.value.exports[0].id !== before) break;
      }
    } catch (/** @type {any} */ refused) {
      tell(words(refused), { tone: "bad" });
    }
    making.value = false;
  }

  if (problem.value) return html`<${Failure} problem=${problem.value} retry=${load} />`;
  if (found.value === undefined) return html`<${Skeleton} />`;
  if (found.value === null) return html`<${EmptyState} title=${t("customer.unknown")} text=${t("customer.unknownText")}><a class="button" href="/care">${t("page.home")}</a><//>`;
  const it = found.value;
  const close = () => { open.value = null; };
  const done = () => { close(); return load(); };
  return html`<div class="stack customer" data-keys>
    <${Head} it=${it} />
    ${acts() && html`<div class="row acts" role="group" aria-label=${t("customer.acts")}>
      <button type="button" class="button" onClick=${() => { open.value = "merge"; }}>${t("customer.merge")}</button>
      ${may("risk:review") && html`<button type="button" class="button" onClick=${() => { open.value = "list"; }}>${t("customer.list")}</button>`}
      <button type="button" class="button" aria-disabled=${making.value} onClick=${save}>${t("customer.export")}</button>
      ${may("customers:erase") && html`<button type="button" class="button" onClick=${() => { open.value = "erase"; }}>${t("customer.erase")}</button>`}
    </div>`}
    ${it.exports.length > 0 && html`<p>${t("customer.exports")} ${it.exports.map((/** @type {any} */ file) => html`<a key=${file.id} href=${`/files/documents/${file.id}`} download>${dateTime(file.createdAt)}</a> `)}</p>`}
    <div class="columns">
      <div class="stack"><${Orders} orders=${it.orders} /><${Contacts} it=${it} begin=${acts() ? () => { open.value = "contact"; } : null} /><${Returned} it=${it} /></div>
      <div class="stack"><${Facts} it=${it.customer} />
        ${!it.erasedAt && html`<${Consents} id=${id} customer=${it.customer} changes=${it.consentChanges} done=${load} />`}
        ${it.listings.length > 0 && html`<${Listings} rows=${it.listings} />`}</div>
    </div>
    ${open.value === "merge" && html`<${Merge} customer=${it.customer} leave=${close} done=${done} />`}
    ${open.value === "list" && html`<${Listing} customer=${it.customer} listings=${it.listings} leave=${close} done=${done} />`}
    ${open.value === "contact" && html`<${NewContact} person=${{ id, name: it.customer.name }} leave=${close} done=${done} />`}
    ${open.value === "erase" && html`<${Erase} customer=${it.customer} leave=${close} done=${done} />`}
  </div>`;
}

function toOrders() {
  /** @type {HTMLElement | null} */ (document.querySelector("#orders a"))?.focus();
}

/** @param {{it: any}} props */
function Head({ it }) {
  const person = it.customer;
  const blocked = it.listings.find((/** @type {any} */ each) => each.blocked);
  return html`<header class="stack">
    <h1>${it.erasedAt ? t("customer.erasedName", { number: person.number }) : person.name}</h1>
    <p class="row">${person.company && html`<span>${person.company}</span>`}<span class="muted">${person.number}</span>
      ${person.tags.map((/** @type {string} */ tag) => html`<span key=${tag} class="pill">${tag}</span>`)}
      ${blocked ? html`<${StatusPill} tone="bad">${t("customer.blocked")}<//>` : it.listings.length > 0 && html`<${StatusPill} tone="ok">${t("customer.trusted")}<//>`}
      ${it.values.map((/** @type {any} */ value) => html`<span key=${value.ordered.currency}>${t("customer.value", { count: value.orders, total: money(value.ordered) })}</span>`)}
      ${it.shipped > 0 && html`<span>${t("customer.returnShare", { share: it.returnShare })}</span>`}</p>
    ${it.erasedAt && html`<p class="notice">${t("customer.erased", { at: dateTime(it.erasedAt) })}</p>`}
    ${it.mergedIntoId && html`<p class="notice">${t("customer.mergedInto")} <a href=${customerAddress(it.mergedIntoId)}>${t("customer.mergedOpen")}</a></p>`}
    ${it.merged.length > 0 && html`<p class="muted">${t("customer.merged", { numbers: it.merged.map((/** @type {any} */ each) => each.number).join(", ") })}</p>`}
  </header>`;
}

/** @param {{orders: any}} props */
function Orders({ orders }) {
  return html`<section class="stack" aria-labelledby="orders-title"><h2 id="orders-title">${t("customer.orders")}</h2>
    ${orders.nodes.length === 0 ? html`<p class="muted">${t("customer.noOrders")}</p>` : html`<ul role="list" class="hits" id="orders">${orders.nodes.map((/** @type {any} */ order) => html`<li key=${order.id}>
      <a class="hit" href=${orderAddress(order.number)}><span><strong>${order.number}</strong> <span class="muted">${order.channel.name}</span></span>
        <span class="facts">${date(order.placedAt.slice(0, 10))} <span class="number">${money(order.total)}</span> ${t(`order.state.${order.state}`)}</span></a></li>`)}</ul>`}
    ${orders.pageInfo.hasNextPage && html`<p class="muted">${t("customer.moreOrders")}</p>`}
  </section>`;
}

/** The last five of what was said; more is at each order. `begin` writes down what is about none. @param {{it: any, begin: (() => void) | null}} props */
function Contacts({ it, begin }) {
  const last = it.orders.nodes[0];
  return html`<section class="stack" aria-labelledby="contacts-title"><div class="row"><h2 id="contacts-title">${t("customer.contacts")}</h2>
      ${begin && html`<button type="button" class="button small push" onClick=${begin}>${t("customer.newContact")}${!last && html` <kbd>n</kbd>`}</button>`}
      ${last && !it.erasedAt && html`<a class=${`button small ${begin ? "" : "push"}`} href=${orderAddress(last.number, "contacts")}>${t("customer.contact")} <kbd>n</kbd></a>`}</div>
    ${it.contacts.length === 0 ? html`<p class="muted">${t("customer.noContacts")}</p>` : html`<ul role="list" class="hits">${it.contacts.map((/** @type {any} */ each) => html`<li key=${each.id} class="hit">
      <span><strong>${each.topic}</strong> ${each.text}</span><span class="facts muted">${t(`contacts.channel.${each.channel}`)} ${dateTime(each.createdAt)} ${each.address ?? actor(each.createdBy)}</span></li>`)}</ul>`}
  </section>`;
}

/** @param {{it: any}} props */
function Returned({ it }) {
  if (!it.returns.length && !it.credits.length) return null;
  return html`<section class="stack" aria-labelledby="returned-title"><h2 id="returned-title">${t("customer.returned")}</h2>
    <ul role="list" class="hits">${it.returns.map((/** @type {any} */ each) => html`<li key=${each.id}><a class="hit" href=${orderAddress(each.orderNumber)}>
      <span>${t("customer.return", { number: each.number })}</span><span class="facts">${dateTime(each.requestedAt)} ${t(`customer.return.${each.state}`)}</span></a></li>`)}
    ${it.credits.map((/** @type {any} */ each) => html`<li key=${each.id}><a class="hit" href=${orderAddress(each.orderNumber)}>
      <span>${t("customer.credit", { number: each.orderNumber })} <span class="muted">${t(`refundKind.${each.kind}`)}</span></span>
      <span class="facts">${dateTime(each.requestedAt)} <span class="number">${money(each.amount)}</span> ${t(`customer.credit.${each.state}`)}</span></a></li>`)}</ul>
  </section>`;
}

/** @param {{it: any}} props */
function Facts({ it }) {
  return html`<section class="stack" aria-labelledby="facts-title"><h2 id="facts-title">${t("customer.facts")}</h2>
    <dl class="facts">
      <dt>${t("customer.email")}</dt><dd>${it.email ? html`<a href=${`mailto:${it.email}`}>${it.email}</a>` : "–"}</dd>
      <dt>${t("customer.phone")}</dt><dd>${it.phone ? html`<a href=${`tel:${it.phone}`}>${it.phone}</a>` : "–"}</dd>
      <dt>${t("customer.language")}</dt><dd>${t(`contacts.language.${it.language === "de" ? "de" : "en"}`)}</dd>
      <dt>${t("customer.since")}</dt><dd>${date(it.createdAt.slice(0, 10))}</dd>
      ${it.addresses.map((/** @type {any} */ each) => html`<dt>${t("customer.address")}</dt><dd>${[each.name, each.company, each.street, each.extra, `${each.postalCode} ${each.city}`, country(each.country)].filter(Boolean).join(", ")}</dd>`)}
    </dl></section>`;
}

/** @param {{rows: any[]}} props */
function Listings({ rows }) {
  return html`<section class="stack" aria-labelledby="listings-title"><h2 id="listings-title">${t("customer.listings")}</h2>
    <ul class="plain">${rows.map((each) => html`<li key=${each.kind}>${t(each.blocked ? "customer.blockedBy" : "customer.trustedBy", { kind: t(`customer.listing.${each.kind}`), reason: each.reason, by: actor(each.createdBy) })}
      ${each.until ? ` ${t("customer.until", { at: dateTime(each.until) })}` : ""}</li>`)}</ul></section>`;
}
