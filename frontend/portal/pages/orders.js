/** The inbox: what is to be decided, packed and sent, the most urgent first; an order opens beside the list. */
import { ask } from "../../shared/api.js";
import { may } from "../../shared/auth.js";
import { DataTable } from "../../shared/components/data-table.js";
import { EmptyState } from "../../shared/components/empty-state.js";
import { Failure } from "../../shared/components/failure.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { tell } from "../../shared/components/toast.js";
import { lazy } from "../../shared/lazy.js";
import { t } from "../../shared/messages.js";
import { go, place, withQuery } from "../../shared/router.js";
import { computed, effect, html, signal, untracked, useEffect, useRef } from "../../shared/ui.js";
import { columnsOf } from "../components/order-columns.js";
import { ORDERS } from "../operations.js";
import { askedBy, COUNTED_TABS, FILTERS, TAB_NAMES, tabOf, viewOf } from "../order-query.js";
import { lookAnew } from "../../shared/look-anew.js";
import { ORDERS_LIVE } from "../watching.js";

const OrderPanel = lazy(() => import("../components/order-panel.js"), "OrderPanel");
const OrderTools = lazy(() => import("../components/order-tools.js"), "OrderTools");
const SelectionBar = lazy(() => import("../components/selection-bar.js"), "SelectionBar");
const POLL = 60_000; // milliseconds, while the page is seen: times move on even where nothing changes

const rows = signal(/** @type {any[] | null} */ (null));
const more = signal(/** @type {string | null} */ (null));
const problem = signal(/** @type {any} */ (null));
const seenAt = signal(0);
const chosen = signal(/** @type {Set<string>} */ (new Set()));
/** Why something could not be done to an order, by its id. */
const faults = signal(/** @type {Map<string, string>} */ (new Map()));
const counts = signal(/** @type {Record<string, number>} */ ({}));

const wanted = () => place.value.query.get("q") ?? "";
const view = computed(() => viewOf(place.value.query));
let asked = 0;
let reading = false; // what a person waits for is not swallowed by the next round

/** What follows after a row, or anew as much as is shown. @param {string | null} [after] */
async function load(after = null) {
  const turn = ++asked;
  reading = true;
  const shown = rows.value ?? [];
  const { filter, sort } = askedBy(place.value.query, Date.now());
  try {
    let found = after ? shown : [];
    let next = after;
    do {
      const { fulfillmentOrders: read } = await ask(ORDERS, { filter, sort, after: next });
      if (turn !== asked) return;
      found = [...found, ...read.nodes];
      next = read.pageInfo.hasNextPage ? read.pageInfo.endCursor : null;
    } while (next && found.length < shown.length);
    rows.value = found;
    more.value = next;
    seenAt.value = Date.now();
    problem.value = null;
    keepChosen(found);
  } catch (failed) {
    if (turn === asked) problem.value = failed;
  } finally {
    if (turn === asked) reading = false;
  }
}

/** What is gone from the list is not selected any more. @param {any[]} found */
function keepChosen(found) {
  const there = new Set(found.map((row) => row.id));
  const kept = [...chosen.value].filter((id) => there.has(id));
  if (kept.length !== chosen.value.size) chosen.value = new Set(kept);
}

/** Rows of another view are no rows of this one; an order that opens beside them changes nothing. */
function begin() {
  view.value;
  rows.value = null;
  chosen.value = new Set();
  faults.value = new Map();
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
    chosen.value = new Set();
    counts.value = {};
  };
}

const selection = {
  name: (/** @type {any} */ row) => row.number,
  toggle: (/** @type {string} */ id) => {
    const next = new Set(chosen.value);
    if (!next.delete(id)) next.add(id);
    chosen.value = next;
  },
  all: (/** @type {boolean} */ on) => {
    chosen.value = new Set(on ? (rows.value ?? []).map((row) => row.id) : []);
  },
};

/** What became of a selection: what failed stays selected and says why, also when it is gone. @param {Map<string, string>} failed */
async function settle(failed) {
  const numbers = new Map((rows.value ?? []).map((row) => [row.id, row.number]));
  faults.value = failed;
  chosen.value = new Set(failed.keys());
  await load();
  for (const [id, why] of failed) {
    if (!chosen.value.has(id)) tell(t("orders.failed", { number: numbers.get(id) ?? "", why }), { tone: "bad" });
  }
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
      <form class="row push" role="search" onSubmit=${search}>
        <input class="control" type="search" name="q" key=${wanted()} defaultValue=${wanted()} aria-label=${t("orders.search")} placeholder=${t("orders.search")} />
      </form>
    </div>
    <nav class="tabs" aria-label=${t("orders.views")}>${TAB_NAMES.map(Tab)}</nav>
    <div class="tools"><${OrderTools} seen=${seenAt.value} counted=${(/** @type {Record<string, number>} */ found) => { counts.value = found; }} changed=${() => load()} /></div>
    <div class=${`split ${open ? "open" : ""}`} onKeyDown=${leave}>
      <div class="stack">
        ${problem.value && html`<${Failure} problem=${problem.value} retry=${() => load()} />`}
        ${chosen.value.size > 0 && html`<${SelectionBar} rows=${(rows.value ?? []).filter((row) => chosen.value.has(row.id))} tab=${tabOf(place.value.query)}
          settle=${settle} changed=${() => load()} clear=${() => selection.all(false)} />`}
        ${list(open)}
      </div>
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
  go(withQuery({ q: given || null, order: null, tab: given ? "all" : tabOf(place.value.query) }));
}

/** @param {string} name */
function Tab(name) {
  const count = counts.value[name];
  return html`<a key=${name} href=${withQuery({ tab: name, order: null })} aria-current=${name === tabOf(place.value.query) ? "page" : undefined}>${t(`orders.tab.${name}`)}
    ${COUNTED_TABS.includes(name) && count > 0 && html`<span class="badge">${count >= 1000 ? "999+" : count}</span>`}</a>`;
}

/** @param {string | null} open */
function list(open) {
  if (!rows.value) return problem.value ? null : html`<${Skeleton} />`;
  if (!rows.value.length) return nothing();
  return html`<div class="stack">
    <${DataTable} label=${t(`orders.tab.${tabOf(place.value.query)}`)} columns=${columnsOf(seenAt.value, faults.value)} rows=${rows.value} current=${open}
      selection=${may("fulfillment:write") ? { ...selection, ids: chosen.value } : undefined}
      open=${(/** @type {any} */ row) => go(withQuery({ order: row.id }), { replace: Boolean(open) })} />
    ${more.value && html`<button type="button" class="button" onClick=${() => load(more.value)}>${t("action.more")}</button>`}
  </div>`;
}

function nothing() {
  const names = ["q", ...FILTERS].filter((name) => place.value.query.get(name));
  if (names.length) {
    const said = names.map((name) => t(`orders.hiding.${name}`, { text: String(place.value.query.get(name)) })).join(", ");
    const none = Object.fromEntries(names.map((name) => [name, null]));
    return html`<${EmptyState} title=${t("orders.noMatch")} text=${t("orders.noMatchText", { text: said })}>
      <a class="button" href=${withQuery(none)}>${t("action.clearSearch")}</a><//>`;
  }
  return html`<${EmptyState} title=${t(`orders.none.${tabOf(place.value.query)}`)} text=${t("orders.noneText")} />`;
}
