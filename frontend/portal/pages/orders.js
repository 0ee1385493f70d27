/** The inbox: what is to be decided, packed and sent, the most urgent first; an order opens beside the list. */
import { ask } from "../../shared/api.js";
import { DataTable } from "../../shared/components/data-table.js";
import { EmptyState } from "../../shared/components/empty-state.js";
import { Failure } from "../../shared/components/failure.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { country, fromNow } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { go, place, withQuery } from "../../shared/router.js";
import { computed, effect, html, signal, untracked, useEffect, useRef } from "../../shared/ui.js";
import { OrderPanel } from "../components/order-panel.js";
import { OrderState } from "../components/order-state.js";
import { CallSwitch } from "../components/call-switch.js";
import { ORDERS } from "../operations.js";
import { lookAnew, ORDERS_LIVE } from "../watching.js";

const POLL = 60_000; // milliseconds, while the page is seen: times move on even where nothing changes

/** @type {Record<string, {filter: Record<string, any>, sort: string}>} */
const TABS = {
  new: { filter: { states: ["OPEN"] }, sort: "DUE_AT" },
  pack: { filter: { states: ["ACCEPTED", "PICKED", "PACKED"] }, sort: "DUE_AT" },
  asked: { filter: { cancelRequested: true }, sort: "DUE_AT" },
  shipped: { filter: { states: ["SHIPPED", "DELIVERED"] }, sort: "UPDATED_AT_DESC" },
  all: { filter: {}, sort: "CREATED_AT_DESC" },
};

const rows = signal(/** @type {any[] | null} */ (null));
const more = signal(/** @type {string | null} */ (null));
const problem = signal(/** @type {any} */ (null));
const seenAt = signal(0);

const tab = () => (String(place.value.query.get("tab")) in TABS ? String(place.value.query.get("tab")) : "new");
const wanted = () => place.value.query.get("q") ?? "";
const view = computed(() => `${tab()} ${wanted()}`);
let asked = 0;
let reading = false; // what a person waits for is not swallowed by the next round

/** What follows after a row, or anew as much as is shown. @param {string | null} [after] */
async function load(after = null) {
  const turn = ++asked;
  reading = true;
  const shown = rows.value ?? [];
  const { filter, sort } = TABS[tab()];
  const narrowed = wanted() ? { ...filter, orderNumber: wanted() } : filter;
  try {
    let found = after ? shown : [];
    let next = after;
    do {
      const { fulfillmentOrders: read } = await ask(ORDERS, { filter: narrowed, sort, after: next });
      if (turn !== asked) return;
      found = [...found, ...read.nodes];
      next = read.pageInfo.hasNextPage ? read.pageInfo.endCursor : null;
    } while (next && found.length < shown.length);
    rows.value = found;
    more.value = next;
    seenAt.value = Date.now();
    problem.value = null;
  } catch (failed) {
    if (turn === asked) problem.value = failed;
  } finally {
    if (turn === asked) reading = false;
  }
}

/** Rows of another view are no rows of this one; an order that opens beside them changes nothing. */
function begin() {
  view.value;
  rows.value = null;
  untracked(load);
}

function watch() {
  const stop = effect(begin);
  const timer = setInterval(() => document.visibilityState === "visible" && !reading && load(), POLL);
  const leave = lookAnew(ORDERS_LIVE, () => load(), () => reading);
  return () => {
    stop();
    leave();
    clearInterval(timer);
    asked += 1;
    rows.value = problem.value = null; // whoever signs in next sees nothing of it
  };
}

export function Page() {
  useEffect(watch, []);
  const open = place.value.query.get("order");
  const before = useRef(open);
  useEffect(() => {
    if (before.current && !open) backTo(before.current);
    before.current = open;
  }, [open]);
  return html`<div class="stack">
    <div class="row">
      <h1>${t("orders.title")}</h1>
      <${CallSwitch} />
      <form class="row push" role="search" onSubmit=${search}>
        <input class="control" type="search" name="q" key=${wanted()} defaultValue=${wanted()} aria-label=${t("orders.search")} placeholder=${t("orders.search")} />
      </form>
    </div>
    <nav class="tabs" aria-label=${t("orders.views")}>${Object.keys(TABS).map(Tab)}</nav>
    <div class=${`split ${open ? "open" : ""}`} onKeyDown=${leave}>
      <div>${problem.value && html`<${Failure} problem=${problem.value} retry=${() => load()} />`}${list(open)}</div>
      ${open && html`<${OrderPanel} key=${open} id=${open} seen=${rows.value?.find((row) => row.id === open)?.updatedAt} changed=${() => load()} />`}
    </div>
  </div>`;
}

/** Escape closes the order, but never what is being typed. @param {KeyboardEvent} event */
function leave(event) {
  const typing = event.target instanceof Element && event.target.closest("form");
  if (event.key === "Escape" && !typing && place.value.query.get("order")) go(withQuery({ order: null }));
}

/** Who was in the order that closes goes on at its row, or at the list. @param {string} id */
function backTo(id) {
  if (document.activeElement !== document.body) return;
  const there = /** @type {HTMLElement | null} */ (document.querySelector(`tr[data-id="${CSS.escape(id)}"]`));
  (there ?? document.getElementById("content"))?.focus();
}

function search(/** @type {SubmitEvent} */ event) {
  event.preventDefault();
  const given = String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("q")).trim();
  go(withQuery({ q: given || null, order: null, tab: given ? "all" : tab() }));
}

/** @param {string} name */
function Tab(name) {
  const href = withQuery({ tab: name, order: null });
  return html`<a key=${name} href=${href} aria-current=${name === tab() ? "page" : undefined}>${t(`orders.tab.${name}`)}</a>`;
}

/** @param {string | null} open */
function list(open) {
  if (!rows.value) return problem.value ? null : html`<${Skeleton} />`;
  if (!rows.value.length) return nothing();
  return html`<div class="stack">
    <${DataTable} label=${t(`orders.tab.${tab()}`)} columns=${columns()} rows=${rows.value} current=${open}
      open=${(/** @type {any} */ row) => go(withQuery({ order: row.id }), { replace: Boolean(open) })} />
    ${more.value && html`<button type="button" class="button" onClick=${() => load(more.value)}>${t("action.more")}</button>`}
  </div>`;
}

function nothing() {
  if (wanted()) {
    return html`<${EmptyState} title=${t("orders.noMatch")} text=${t("orders.noMatchText", { text: wanted() })}>
      <a class="button" href=${withQuery({ q: null })}>${t("action.clearSearch")}</a><//>`;
  }
  return html`<${EmptyState} title=${t(`orders.none.${tab()}`)} text=${t("orders.noneText")} />`;
}

function columns() {
  return [
    { key: "due", label: t("orders.due"), cell: due },
    { key: "number", label: t("orders.number"), cell: (/** @type {any} */ row) => row.number },
    { key: "to", label: t("orders.to"), cell: whereTo },
    { key: "pieces", label: t("orders.pieces"), number: true, cell: (/** @type {any} */ row) => pieces(row) },
    { key: "state", label: t("orders.state"), cell: (/** @type {any} */ row) => html`<${OrderState} order=${row} />` },
  ];
}

/** @param {any} row */
const pieces = (row) => row.lines.reduce((/** @type {number} */ sum, /** @type {any} */ line) => sum + line.quantity, 0);

/** @param {any} row */
const whereTo = (row) => (row.shippingAddress ? `${row.shippingAddress.city}, ${country(row.shippingAddress.country)}` : t("orders.hidden"));

/** @param {any} row */
function due(row) {
  if (!row.dueAt || !["OPEN", "ACCEPTED", "PICKED", "PACKED"].includes(row.state)) return "–";
  const late = new Date(row.dueAt).getTime() < seenAt.value;
  return html`<span class=${late ? "late" : undefined}>${fromNow(row.dueAt, seenAt.value)}</span>`;
}
