/** Partners: on and off within minutes. The list, the invitation, and one partner beside it. */
import { ask } from "../../shared/api.js";
import { DataTable } from "../../shared/components/data-table.js";
import { EmptyState } from "../../shared/components/empty-state.js";
import { Failure } from "../../shared/components/failure.js";
import { FilterBar } from "../../shared/components/filter-bar.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { dayOf } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { go, place, withQuery } from "../../shared/router.js";
import { computed, effect, html, signal, untracked, useEffect, useRef, useSignal } from "../../shared/ui.js";
import { PartnerState } from "../components/partner-state.js";
import { PARTNERS } from "../operations.js";

/** What opens beside the list is loaded when it is asked for. */
const BESIDE = {
  invite: async () => (await import("../components/invite-form.js")).InviteForm,
  partner: async () => (await import("../components/partner-panel.js")).PartnerPanel,
};
const STATES = ["INVITED", "ONBOARDING", "ACTIVE", "SUSPENDED", "ENDED"];

const rows = signal(/** @type {any[] | null} */ (null));
const more = signal(/** @type {string | null} */ (null));
const problem = signal(/** @type {any} */ (null));
const query = (/** @type {string} */ name) => place.value.query.get(name);
const view = computed(() => `${query("q") ?? ""} ${query("state") ?? ""}`);
let asked = 0;

/** @param {string | null} [after] */
async function load(after = null) {
  const turn = ++asked;
  const state = query("state");
  const filter = { ...(query("q") && { search: query("q") }), ...(state && STATES.includes(state) && { states: [state] }) };
  try {
    const { partners } = await ask(PARTNERS, { filter, after });
    if (turn !== asked) return;
    rows.value = after ? [...(rows.value ?? []), ...partners.nodes] : partners.nodes;
    more.value = partners.pageInfo.hasNextPage ? partners.pageInfo.endCursor : null;
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
  const open = query("partner");
  const inviting = query("invite") !== null;
  const beside = open || inviting;
  const before = useRef(open);
  useEffect(() => {
    if (before.current && !beside && document.activeElement === document.body) {
      const row = /** @type {HTMLElement | null} */ (document.querySelector(`tr[data-id="${CSS.escape(before.current)}"]`));
      (row ?? document.getElementById("content"))?.focus();
    }
    before.current = open;
  }, [open, inviting]);
  return html`<div class="stack">
    <div class="row"><h1>${t("partners.title")}</h1>
      <a class="button main push" href=${withQuery({ invite: "", partner: null, tab: null })}>${t("partners.invite")}</a></div>
    <${FilterBar} label=${t("partners.search")} also=${{ partner: null, invite: null }} choices=${[{ name: "state", label: t("partners.anyState"), options: STATES.map((value) => ({ value, label: t(`partners.state.${value}`) })) }]} />
    <div class=${`split ${beside ? "open" : ""}`} onKeyDown=${leave}>
      <div>${problem.value && html`<${Failure} problem=${problem.value} retry=${() => load()} />`}${list(open)}</div>
      ${inviting ? html`<${Beside} key="invite" what="invite" done=${invited} />` : open && html`<${Beside} key=${open} what="partner" id=${open} changed=${() => load()} />`}
    </div>
  </div>`;
}

/** @param {{what: keyof typeof BESIDE, [more: string]: any}} props */
function Beside({ what, ...more }) {
  const part = useSignal(/** @type {any} */ (null));
  const gone = useSignal(false);
  useEffect(() => {
    BESIDE[what]().then((found) => { part.value = () => found; }, () => { gone.value = true; });
  }, [what]);
  if (gone.value) return html`<aside class="panel"><${Failure} problem=${{ code: "NEW_VERSION", message: "", path: [], reference: null }} retry=${() => location.reload()} /></aside>`;
  const Part = part.value?.();
  return Part ? html`<${Part} ...${more} />` : html`<aside class="panel"><${Skeleton} rows=${4} /></aside>`;
}

/** @param {string} id */
function invited(id) {
  load();
  go(withQuery({ invite: null, partner: id }), { replace: true });
}

/** Escape closes what is beside the list, but never what is being typed. @param {KeyboardEvent} event */
function leave(event) {
  const typing = event.target instanceof Element && event.target.closest("form, dialog");
  if (event.key === "Escape" && !typing && (query("partner") || query("invite") !== null)) go(withQuery({ partner: null, invite: null, tab: null, measure: null, week: null }));
}

/** @param {string | null} open */
function list(open) {
  if (!rows.value) return problem.value ? null : html`<${Skeleton} />`;
  if (!rows.value.length) return nothing();
  return html`<div class="stack">
    <${DataTable} label=${t("partners.title")} columns=${columns()} rows=${rows.value} current=${open}
      open=${(/** @type {any} */ row) => go(withQuery({ partner: row.id, invite: null, tab: null, measure: null, week: null }), { replace: Boolean(open) })} />
    ${more.value && html`<button type="button" class="button" onClick=${() => load(more.value)}>${t("action.more")}</button>`}
  </div>`;
}

function nothing() {
  if (query("q") || query("state")) {
    return html`<${EmptyState} title=${t("partners.noMatch")} text=${t("partners.noMatchText")}>
      <a class="button" href=${withQuery({ q: null, state: null })}>${t("action.clearFilter")}</a><//>`;
  }
  return html`<${EmptyState} title=${t("partners.none")} text=${t("partners.noneText")}>
    <a class="button main" href=${withQuery({ invite: "" })}>${t("partners.invite")}</a><//>`;
}

function columns() {
  return [
    { key: "name", label: t("partners.name"), cell: (/** @type {any} */ row) => html`${row.name}<br /><span class="muted">${row.code}</span>` },
    { key: "state", label: t("partners.state"), cell: (/** @type {any} */ row) => html`<${PartnerState} state=${row.state} />` },
    { key: "since", label: t("partners.since"), cell: (/** @type {any} */ row) => dayOf(row.createdAt) },
    { key: "orders", label: t("partners.orders"), number: true, cell: (/** @type {any} */ row) => row.openWork.orders },
    { key: "articles", label: t("partners.articles"), number: true, cell: (/** @type {any} */ row) => row.openWork.articles },
    { key: "terms", label: t("partners.terms"), cell: (/** @type {any} */ row) => terms(row.presentAgreement) },
  ];
}

/** @param {any} agreed */
const terms = (agreed) => (agreed ? t("partners.termsText", { answer: agreed.answerHours, ship: agreed.shipHours }) : "–");
