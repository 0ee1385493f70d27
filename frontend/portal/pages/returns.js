/** What comes back: announced, arrived, decided. A scanned label opens its return, two steps later it is decided. */
import { ask } from "../../shared/api.js";
import { DataTable } from "../../shared/components/data-table.js";
import { EmptyState } from "../../shared/components/empty-state.js";
import { Failure } from "../../shared/components/failure.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { StatusPill } from "../../shared/components/status-pill.js";
import { dayOf, fromNow } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { go, place, withQuery } from "../../shared/router.js";
import { computed, effect, html, signal, untracked, useEffect } from "../../shared/ui.js";
import { ReturnPanel } from "../components/return-panel.js";
import { SentOrders } from "../components/sent-orders.js";
import { RETURNS, RETURNS_CHANGED, RETURNS_SINCE } from "../operations.js";
import { lookAnew } from "../../shared/look-anew.js";

const LIVE = { name: "returns", subscription: RETURNS_CHANGED, query: RETURNS_SINCE };
/** @type {Record<string, {phases: string[], sort: string}>} */
const TABS = {
  announced: { phases: ["ANNOUNCED"], sort: "REQUESTED_AT" },
  arrived: { phases: ["ARRIVED"], sort: "UPDATED_AT" },
  decided: { phases: ["DECIDED", "ENDED"], sort: "UPDATED_AT_DESC" },
};
/** @type {Record<string, "info" | "ok" | "warn" | "bad">} */
const TONES = { ARRIVED: "warn", DECIDED: "ok", ENDED: "bad" };

const rows = signal(/** @type {any[] | null} */ (null));
const more = signal(/** @type {string | null} */ (null));
const problem = signal(/** @type {any} */ (null));
let asked = 0;
let reading = false;

const tab = () => (String(place.value.query.get("tab")) in TABS ? String(place.value.query.get("tab")) : "announced");
const view = computed(tab);

/** @param {string | null} [after] */
async function load(after = null) {
  const turn = ++asked;
  const { phases, sort } = TABS[tab()];
  reading = true;
  try {
    const { partnerReturns: read } = await ask(RETURNS, { filter: { phases }, sort, after });
    if (turn !== asked) return;
    rows.value = after ? [...(rows.value ?? []), ...read.nodes] : read.nodes;
    more.value = read.pageInfo.hasNextPage ? read.pageInfo.endCursor : null;
    problem.value = null;
  } catch (failed) {
    if (turn === asked) problem.value = failed;
  } finally {
    if (turn === asked) reading = false;
  }
}

function watch() {
  const stop = effect(() => {
    view.value;
    rows.value = null;
    untracked(load);
  });
  const leave = lookAnew(LIVE, () => load(), () => reading);
  return () => {
    stop();
    leave();
    asked += 1;
    rows.value = problem.value = null; // whoever signs in next sees nothing of it
  };
}

/** The scanner is always ready for the next label. */
function ready() {
  document.getElementById("scan")?.focus();
}

/** @param {SubmitEvent} event */
async function scan(event) {
  event.preventDefault();
  const form = /** @type {HTMLFormElement} */ (event.target);
  const code = String(new FormData(form).get("code")).trim();
  if (!code) return;
  try {
    const { partnerReturns: found } = await ask(RETURNS, { filter: { code }, sort: "UPDATED_AT_DESC", after: null });
    form.reset();
    go(withQuery(found.nodes.length ? { return: found.nodes[0].id, find: null } : { return: null, find: code }));
  } catch (failed) {
    problem.value = failed;
  }
}

export function Page() {
  useEffect(watch, []);
  useEffect(ready, []);
  const open = place.value.query.get("return");
  const find = place.value.query.get("find");
  const finished = () => {
    load();
    go(withQuery({ return: null, find: null }));
    ready();
  };
  return html`<div class="stack">
    <div class="row">
      <h1>${t("returns.title")}</h1>
      <form class="row push" onSubmit=${scan}>
        <input id="scan" class="control" name="code" autocomplete="off" aria-label=${t("returns.scan")} placeholder=${t("returns.scan")} />
      </form>
      <a class="button" href=${withQuery({ find: "", return: null })}>${t("returns.unannounced")}</a>
    </div>
    <nav class="tabs" aria-label=${t("returns.views")}>${Object.keys(TABS).map(Tab)}</nav>
    <div class=${`split ${open || find !== null ? "open" : ""}`} onKeyDown=${leave}>
      <div>${problem.value && html`<${Failure} problem=${problem.value} retry=${() => load()} />`}${list(open)}</div>
      ${open && html`<${ReturnPanel} key=${open} id=${open} seen=${rows.value?.find((row) => row.id === open)?.updatedAt} changed=${() => load()} finished=${finished} />`}
      ${!open && find !== null && html`<${SentOrders} key=${find} text=${find} opened=${(/** @type {string} */ id) => { load(); go(withQuery({ return: id, find: null })); }} />`}
    </div>
  </div>`;
}

/** @param {KeyboardEvent} event */
function leave(event) {
  const typing = event.target instanceof Element && event.target.closest("form");
  if (event.key !== "Escape" || typing) return;
  go(withQuery({ return: null, find: null }));
  ready();
}

/** @param {string} name */
function Tab(name) {
  const href = withQuery({ tab: name, return: null, find: null });
  return html`<a key=${name} href=${href} aria-current=${name === tab() ? "page" : undefined}>${t(`returns.tab.${name}`)}</a>`;
}

/** @param {string | null} open */
function list(open) {
  if (!rows.value) return problem.value ? null : html`<${Skeleton} />`;
  if (!rows.value.length) return html`<${EmptyState} title=${t(`returns.none.${tab()}`)} text=${t("returns.noneText")} />`;
  return html`<div class="stack">
    <${DataTable} label=${t(`returns.tab.${tab()}`)} columns=${columns()} rows=${rows.value} current=${open}
      open=${(/** @type {any} */ row) => go(withQuery({ return: row.id, find: null }), { replace: Boolean(open) })} />
    ${more.value && html`<button type="button" class="button" onClick=${() => load(more.value)}>${t("action.more")}</button>`}
  </div>`;
}

function columns() {
  return [
    { key: "number", label: t("returns.number"), cell: (/** @type {any} */ row) => row.number },
    { key: "order", label: t("returns.order"), cell: (/** @type {any} */ row) => row.orderNumber },
    { key: "articles", label: t("returns.articles"), cell: articles },
    { key: "when", label: t("returns.when"), cell: when },
    { key: "phase", label: t("returns.state"), cell: (/** @type {any} */ row) => html`<${StatusPill} tone=${TONES[row.phase] ?? "info"}>${t(`returns.phase.${row.phase}`)}<//>` },
  ];
}

/** @param {any} row */
const articles = (row) => row.lines.map((/** @type {any} */ line) => `${line.quantity} × ${line.name}`).join(", ");

/** @param {any} row */
function when(row) {
  if (!row.dueAt) return dayOf(row.requestedAt);
  const late = new Date(row.dueAt).getTime() < Date.now();
  return html`<span class=${late ? "late" : undefined}>${fromNow(row.dueAt, Date.now())}</span>`;
}
