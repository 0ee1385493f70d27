/** One's own system instead of pages: keys for it, where it is told what happens, and a first call that works. */
import { ask } from "../../shared/api.js";
import { may } from "../../shared/auth.js";
import { DataTable } from "../../shared/components/data-table.js";
import { EmptyState } from "../../shared/components/empty-state.js";
import { Failure } from "../../shared/components/failure.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { StatusPill } from "../../shared/components/status-pill.js";
import { dateTime, dayOf } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { go, place, withQuery } from "../../shared/router.js";
import { computed, effect, html, signal, untracked, useEffect } from "../../shared/ui.js";
import { EndpointForm } from "../components/endpoint-form.js";
import { EndpointPanel } from "../components/endpoint-panel.js";
import { KeyForm } from "../components/key-form.js";
import { KeyPanel } from "../components/key-panel.js";
import { ENDPOINTS, KEYS } from "../operations.js";

const TABS = ["keys", "webhooks"];
const rows = signal(/** @type {any[] | null} */ (null));
const types = signal(/** @type {string[]} */ ([]));
const problem = signal(/** @type {any} */ (null));
let asked = 0;

const tab = () => (TABS.includes(String(place.value.query.get("tab"))) ? String(place.value.query.get("tab")) : "keys");
const view = computed(tab);

async function load() {
  const turn = ++asked;
  try {
    const data = await ask(tab() === "keys" ? KEYS : ENDPOINTS);
    if (turn !== asked) return;
    rows.value = (data.apiClients ?? data.webhookEndpoints).nodes;
    types.value = data.webhookEventTypes ?? [];
    problem.value = null;
  } catch (failed) {
    if (turn === asked) problem.value = failed;
  }
}

function watch() {
  const stop = effect(() => {
    view.value;
    rows.value = null;
    untracked(load);
  });
  return () => {
    stop();
    asked += 1;
    rows.value = problem.value = null;
  };
}

export function Page() {
  useEffect(watch, []);
  const open = place.value.query.get("open");
  const fresh = place.value.query.get("new") !== null;
  const keys = tab() === "keys";
  const close = () => go(withQuery({ open: null, new: null }));
  const shown = rows.value?.find((row) => row.id === open);
  return html`<div class="stack">
    <div class="row"><h1>${t("connect.title")}</h1>
      <a class="button main push" href=${withQuery({ new: "", open: null })}>${t(keys ? "connect.newKey" : "connect.newEndpoint")}</a></div>
    <nav class="tabs" aria-label=${t("connect.views")}>${TABS.map(Tab)}</nav>
    <div class=${`split ${open || fresh ? "open" : ""}`} onKeyDown=${(/** @type {KeyboardEvent} */ event) => leave(event, close)}>
      <div class="stack">${problem.value && html`<${Failure} problem=${problem.value} retry=${load} />`}${list(open)}</div>
      ${fresh && tab() === "keys" && html`<${KeyForm} changed=${load} close=${close} />`}
      ${fresh && tab() === "webhooks" && html`<${EndpointForm} types=${types.value} changed=${load} close=${close} />`}
      ${shown && tab() === "keys" && html`<${KeyPanel} key=${open} client=${shown} changed=${load} close=${close} />`}
      ${shown && tab() === "webhooks" && html`<${EndpointPanel} key=${open} endpoint=${shown} types=${types.value} changed=${load} close=${close} />`}
    </div>
  </div>`;
}

/** @param {KeyboardEvent} event @param {() => void} close */
function leave(event, close) {
  const typing = event.target instanceof Element && event.target.closest("form");
  if (event.key === "Escape" && !typing) close();
}

/** @param {string} name */
function Tab(name) {
  const href = withQuery({ tab: name, open: null, new: null });
  return html`<a key=${name} href=${href} aria-current=${name === tab() ? "page" : undefined}>${t(`connect.tab.${name}`)}</a>`;
}

/** @param {string | null} open */
function list(open) {
  if (!rows.value) return problem.value ? null : html`<${Skeleton} />`;
  if (!rows.value.length) return html`<${EmptyState} title=${t(`connect.none.${tab()}`)} text=${t(`connect.noneText.${tab()}`)} />`;
  const columns = tab() === "keys" ? keyColumns() : endpointColumns();
  return html`<${DataTable} label=${t(`connect.tab.${tab()}`)} columns=${columns} rows=${rows.value} current=${open}
    open=${(/** @type {any} */ row) => may("clients:read") && go(withQuery({ open: row.id, new: null }), { replace: Boolean(open) })} />`;
}

function keyColumns() {
  return [
    { key: "name", label: t("connect.name"), cell: (/** @type {any} */ row) => row.name },
    { key: "rights", label: t("connect.rights"), number: true, cell: (/** @type {any} */ row) => row.scopes.length },
    { key: "expires", label: t("connect.expires"), cell: (/** @type {any} */ row) => (row.expiresAt ? dayOf(row.expiresAt) : t("connect.never")) },
    { key: "used", label: t("connect.used"), cell: (/** @type {any} */ row) => (row.lastUsedAt ? dateTime(row.lastUsedAt) : t("connect.unused")) },
    { key: "state", label: t("connect.state"), cell: (/** @type {any} */ row) => html`<${StatusPill} tone=${row.active ? "ok" : "bad"}>${t(row.active ? "connect.active" : "connect.revoked")}<//>` },
  ];
}

function endpointColumns() {
  return [
    { key: "name", label: t("connect.name"), cell: (/** @type {any} */ row) => row.name },
    { key: "url", label: t("connect.url"), cell: (/** @type {any} */ row) => html`<span class="long">${row.url}</span>` },
    { key: "state", label: t("connect.state"), cell: endpointState },
  ];
}

/** @param {any} row */
function endpointState(row) {
  if (!row.active) return html`<${StatusPill} tone="bad">${t("connect.off")}<//>`;
  return html`<${StatusPill} tone=${row.failingSince ? "warn" : "ok"}>${t(row.failingSince ? "connect.failing" : "connect.on")}<//>`;
}
