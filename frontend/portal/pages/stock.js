/** Stock: what there is, kept true in place or by file. */
import { ask, change } from "../../shared/api.js";
import { may } from "../../shared/auth.js";
import { EmptyState } from "../../shared/components/empty-state.js";
import { Failure, words } from "../../shared/components/failure.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { tell } from "../../shared/components/toast.js";
import { t } from "../../shared/messages.js";
import { go, place, withQuery } from "../../shared/router.js";
import { computed, effect, html, signal, untracked, useEffect } from "../../shared/ui.js";
import { freeOf, keyOf, StockTable } from "../components/stock-table.js";
import { UploadFlow } from "../components/upload-flow.js";
import { PAUSE, RESUME, SET_BUFFER, SET_STOCK, STOCK, STOCK_OF } from "../operations.js";

const DAY = 86_400_000; // milliseconds
const TABS = ["all", "old", "paused"];

const rows = signal(/** @type {any[] | null} */ (null));
const totals = signal(/** @type {any} */ (null));
const more = signal(/** @type {string | null} */ (null));
const problem = signal(/** @type {any} */ (null));
const moved = signal(/** @type {Record<string, {mine: number, present: number}>} */ ({}));

const tab = () => TABS.find((each) => each === place.value.query.get("tab")) ?? "all";
const wanted = () => place.value.query.get("q") ?? "";
const view = computed(() => `${tab()} ${wanted()}`);
let asked = 0;

function filter() {
  const narrowed = { all: {}, old: { countedBefore: new Date(Date.now() - DAY).toISOString() }, paused: { paused: true } }[tab()] ?? {};
  return wanted() ? { ...narrowed, search: wanted() } : narrowed;
}

/** @param {string | null} [after] */
async function load(after = null) {
  const turn = ++asked;
  try {
    const { stockLevels: read, stockFreshness } = await ask(STOCK, { filter: filter(), after });
    if (turn !== asked) return;
    rows.value = [...(after ? rows.value ?? [] : []), ...read.nodes];
    more.value = read.pageInfo.hasNextPage ? read.pageInfo.endCursor : null;
    totals.value = stockFreshness;
    problem.value = null;
  } catch (failed) {
    if (turn === asked) problem.value = failed;
  }
}

function watch() {
  const stop = effect(() => {
    view.value;
    rows.value = null;
    moved.value = {};
    untracked(load);
  });
  return () => {
    stop();
    asked += 1;
    rows.value = problem.value = totals.value = null; // whoever signs in next sees nothing of it
  };
}

/** Rows as the server has them now stand where they stood. @param {any[]} fresh */
function put(fresh) {
  const by = new Map(fresh.map((row) => [keyOf(row), row]));
  rows.value = (rows.value ?? []).map((row) => by.get(keyOf(row)) ?? row);
}

/** @param {any[]} changed */
async function again(changed) {
  for (const location of new Set(changed.map((row) => row.location))) {
    const skus = changed.filter((row) => row.location === location).map((row) => row.sku);
    const found = await ask(STOCK_OF, { location, skus });
    put(found.stockLevels.nodes);
    totals.value = found.stockFreshness;
  }
}

/** Figures as they were typed or pasted; `seen` is what the person has been shown meanwhile. */
async function save(/** @type {any[]} */ changes, /** @type {number | undefined} */ seen) {
  try {
    if (changes[0].column === "buffer") {
      for (const { row, quantity } of changes) put([(await change(SET_BUFFER, { location: row.location, sku: row.sku, quantity })).stockLevel]);
      return;
    }
    const figures = changes.map(({ row, quantity }) => ({ location: row.location, sku: row.sku, quantity, kind: "AVAILABLE", expected: seen ?? freeOf(row) }));
    const { rows: outcomes } = await change(SET_STOCK, { figures });
    const open = { ...moved.value };
    for (const { index, code, message, details } of outcomes) {
      const { row, quantity } = changes[index];
      delete open[keyOf(row)];
      if (code === "STOCK_MOVED") open[keyOf(row)] = { mine: quantity, present: details.present };
      else if (code) tell(`${row.sku}: ${message}`, { tone: "bad" });
    }
    moved.value = open;
    await again(changes.filter(({ row }) => !(keyOf(row) in open)).map(({ row }) => row));
    if (changes.length > 1) tell(t("stock.saved", { count: outcomes.filter((/** @type {any} */ each) => !each.code).length }));
  } catch (/** @type {any} */ refused) {
    tell(`${words(refused)} ${t("error.maybeChanged")}`, { tone: "bad" });
  }
}

/** What somebody else said stands. @param {any} row */
async function take(row) {
  const { [keyOf(row)]: _, ...rest } = moved.value;
  moved.value = rest;
  await again([row]);
}

/** @param {any} row */
async function pause(row) {
  try {
    put([(await change(row.paused ? RESUME : PAUSE, { location: row.location, sku: row.sku })).stockLevel]);
    const now = { ...row, paused: !row.paused };
    tell(t(now.paused ? "stock.pausedNow" : "stock.resumedNow", { sku: row.sku }), { undo: () => pause(now) });
  } catch (/** @type {any} */ refused) {
    tell(words(refused), { tone: "bad" });
  }
}

export function Page() {
  useEffect(watch, []);
  return html`<div class="stack">
    <div class="row">
      <h1>${t("stock.title")}</h1>
      ${totals.value?.articles > 0 && html`<span class="muted" role="status">${freshness(totals.value)}</span>`}
      <form class="row push" role="search" onSubmit=${search}>
        <input class="control" type="search" name="q" key=${wanted()} defaultValue=${wanted()} aria-label=${t("stock.search")} placeholder=${t("stock.search")} />
      </form>
    </div>
    ${may("stock:write") && html`<${UploadFlow} kind="stock" good=${["CHANGED", "SAME", "ZERO"]} changed=${() => load()} />`}
    <nav class="tabs" aria-label=${t("stock.views")}>${TABS.map(Tab)}</nav>
    ${problem.value && html`<${Failure} problem=${problem.value} retry=${() => load()} />`}
    ${list()}
  </div>`;
}

/** @param {{articles: number, fresh: number}} found */
function freshness({ articles, fresh }) {
  const share = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 0 }).format(Math.floor((100 * fresh) / articles) / 100);
  return `${t("stock.articles", { count: articles })} · ${t("stock.fresh", { share })} · ${t("stock.older", { count: articles - fresh })}`;
}

function search(/** @type {SubmitEvent} */ event) {
  event.preventDefault();
  const given = String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("q")).trim();
  go(withQuery({ q: given || null }));
}

/** @param {string} name */
function Tab(name) {
  return html`<a key=${name} href=${withQuery({ tab: name })} aria-current=${name === tab() ? "page" : undefined}>${t(`stock.tab.${name}`)}</a>`;
}

function list() {
  if (!rows.value) return problem.value ? null : html`<${Skeleton} />`;
  if (!rows.value.length) return nothing();
  const several = new Set(rows.value.map((row) => row.location)).size > 1;
  return html`<div class="stack">
    <${StockTable} rows=${rows.value} several=${several} editable=${may("stock:write")} moved=${moved.value} save=${save} take=${take} pause=${pause} />
    ${more.value && html`<button type="button" class="button" onClick=${() => load(more.value)}>${t("action.more")}</button>`}
  </div>`;
}

function nothing() {
  if (wanted()) {
    return html`<${EmptyState} title=${t("stock.noMatch")} text=${t("stock.noMatchText", { text: wanted() })}>
      <a class="button" href=${withQuery({ q: null })}>${t("action.clearSearch")}</a><//>`;
  }
  return html`<${EmptyState} title=${t(`stock.none.${tab()}`)} text=${t(`stock.noneText.${tab()}`)} />`;
}
