/** What a partner offers: by file or one by one, sent to be looked at, sold, or sent back with why. */
import { ask, change } from "../../shared/api.js";
import { may } from "../../shared/auth.js";
import { DataTable } from "../../shared/components/data-table.js";
import { EmptyState } from "../../shared/components/empty-state.js";
import { Failure, words } from "../../shared/components/failure.js";
import { FilterBar } from "../../shared/components/filter-bar.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { StepBar } from "../../shared/components/step-bar.js";
import { tell } from "../../shared/components/toast.js";
import { lazy } from "../../shared/lazy.js";
import { t } from "../../shared/messages.js";
import { go, place, withQuery } from "../../shared/router.js";
import { useShortcuts } from "../../shared/shortcuts.js";
import { computed, effect, html, signal, untracked, useEffect, useSignal } from "../../shared/ui.js";
import { columns } from "../components/offer-columns.js";
import { UploadFlow } from "../components/upload-flow.js";
import { CURRENCIES } from "../offers.js";
import { OFFERS, SEND_OFFERS, WITHDRAW_OFFERS } from "../operations.js";

const OfferPanel = lazy(() => import("../components/offer-panel.js"), "OfferPanel");
const WithdrawDialog = lazy(() => import("../components/withdraw-dialog.js"), "WithdrawDialog");
const TABS = ["DRAFT", "IN_REVIEW", "LIVE", "RETURNED", "WITHDRAWN"];
const SENDABLE = ["DRAFT", "RETURNED"];
const STEPS = ["file", "match", "check", "send"];
/** @type {Record<string, number>} */
const AT = { MATCHING: 1, CHECKING: 2, CHECKED: 2, APPLYING: 2 };
const CURRENCY = "offer currency"; // the one used last is proposed again

const rows = signal(/** @type {any[] | null} */ (null));
const counts = signal(/** @type {Record<string, number> | null} */ (null));
const more = signal(/** @type {string | null} */ (null));
const problem = signal(/** @type {any} */ (null));
const chosen = signal(/** @type {Set<string>} */ (new Set()));
const refused = signal(/** @type {Record<string, string>} */ ({}));
const stage = signal(/** @type {string | null} */ (null));
const currency = signal(localStorage.getItem(CURRENCY) ?? CURRENCIES[0]);
const query = (/** @type {string} */ name) => place.value.query.get(name);
const tab = () => (TABS.includes(query("tab") ?? "") ? String(query("tab")) : "DRAFT");
const view = computed(() => `${tab()} ${query("q") ?? ""}`);
const count = (/** @type {string} */ state) => counts.value?.[state] ?? 0;
let asked = 0;

/** @param {string | null} [after] */
async function load(after = null) {
  const turn = ++asked;
  try {
    const { catalogOffers, catalogOfferCounts } = await ask(OFFERS, { filter: { states: [tab()], ...(query("q") && { search: query("q") }) }, after });
    if (turn !== asked) return;
    rows.value = after ? [...(rows.value ?? []), ...catalogOffers.nodes] : catalogOffers.nodes;
    more.value = catalogOffers.pageInfo.hasNextPage ? catalogOffers.pageInfo.endCursor : null;
    counts.value = Object.fromEntries(catalogOfferCounts.map((/** @type {any} */ each) => [each.state, each.count]));
    problem.value = null;
  } catch (failed) {
    if (turn === asked) problem.value = failed;
  }
}

function watch() {
  const stop = effect(() => {
    view.value;
    rows.value = null;
    chosen.value = new Set();
    refused.value = {};
    untracked(load);
  });
  return () => {
    stop();
    asked += 1;
    rows.value = problem.value = counts.value = stage.value = null; // whoever signs in next sees nothing of it
  };
}

/**
 * What does not go stays chosen, with its reason; what goes leaves the list.
 * @param {string} document
 * @param {string[] | null} ids
 * @param {(count: number) => string} done
 */
async function decide(document, ids, done) {
  try {
    const answer = await change(document, { ids });
    const faults = Object.fromEntries(answer.refused.map((/** @type {any} */ each) => [each.id, each.message]));
    if (answer.count) tell(done(answer.count));
    if (answer.refusedCount) tell(t("catalogue.stay", { count: answer.refusedCount }), { tone: "bad" });
    if (stage.value === "DONE") stage.value = null;
    await load();
    refused.value = faults;
    chosen.value = new Set(Object.keys(faults));
  } catch (/** @type {any} */ failed) {
    tell(`${words(failed)} ${t("error.maybeChanged")}`, { tone: "bad" });
    await load();
  }
}

/** @param {string[] | null} ids */
const send = (ids) => decide(SEND_OFFERS, ids, (sent) => t("catalogue.sent", { count: sent }));

/** @param {string} id @param {string} sku @param {boolean} sends */
async function saved(id, sku, sends) {
  go(withQuery({ offer: null }));
  if (sends) await send([id]);
  else {
    tell(t("catalogue.saved", { sku }));
    await load();
  }
  /** @type {HTMLElement | null} */ (document.querySelector(`tr[data-id="${id}"]`) ?? document.getElementById("new-offer"))?.focus();
}

const create = () => go(withQuery({ offer: "new" }));
const edit = () => {
  const id = /** @type {HTMLElement | null} */ (document.activeElement?.closest("tr[data-id]"))?.dataset.id ?? rows.value?.[0]?.id;
  if (id) go(withQuery({ offer: id }));
};

export function Page() {
  useEffect(watch, []);
  const writing = may("offers:write");
  useShortcuts(writing ? [{ keys: "n", label: "catalogue.new", run: create }, { keys: "e", label: "catalogue.edit", run: edit }] : []);
  const open = query("offer");
  const at = stage.value === "DONE" && count("DRAFT") ? 3 : AT[stage.value ?? ""] ?? 0;
  return html`<div class="stack">
    <div class="row"><h1>${t("catalogue.title")}</h1>
      ${writing && html`<a id="new-offer" class="button push" href=${withQuery({ offer: "new" })} aria-keyshortcuts="n">${t("catalogue.new")} <kbd>n</kbd></a>`}</div>
    ${writing && html`<${StepBar} label=${t("catalogue.steps")} steps=${STEPS.map((step) => t(`catalogue.step.${step}`))} current=${at} />
      <${UploadFlow} kind="offers" good=${["CREATED", "UPDATED"]} options=${{ currency: currency.value }} changed=${imported} stage=${(/** @type {string | null} */ state) => { stage.value = state; }}>
        <${Currency} /><//>`}
    <nav class="tabs" aria-label=${t("catalogue.views")}>${TABS.map((each) => html`<a key=${each} href=${withQuery({ tab: each, offer: null })} aria-current=${each === tab() ? "page" : undefined}>${t(`catalogue.tab.${each}`, { count: count(each) })}</a>`)}</nav>
    <${FilterBar} label=${t("catalogue.search")} also=${{ offer: null }} />
    <div class=${`split ${open ? "open" : ""}`} onKeyDown=${leave}>
      <div class="stack">${problem.value && html`<${Failure} problem=${problem.value} retry=${() => load()} />`}
        ${writing && html`<${Actions} />`}${list(open)}</div>
      ${open && html`<${OfferPanel} key=${open} id=${open} currency=${currency.value} saved=${saved} />`}
    </div>
  </div>`;
}

/** What came by file are drafts. */
function imported() {
  if (tab() === "DRAFT") load();
  else go(withQuery({ tab: "DRAFT", q: null, offer: null }));
}

/** @param {KeyboardEvent} event */
function leave(event) {
  const typing = event.target instanceof Element && event.target.closest("form");
  if (event.key === "Escape" && !typing && query("offer")) go(withQuery({ offer: null }));
}

function Currency() {
  const choose = (/** @type {Event} */ event) => {
    currency.value = /** @type {HTMLSelectElement} */ (event.target).value;
    localStorage.setItem(CURRENCY, currency.value);
  };
  return html`<label class="check">${t("catalogue.currency")} <select class="control fit" onChange=${choose}>
    ${CURRENCIES.map((code) => html`<option key=${code} value=${code} selected=${code === currency.value}>${code}</option>`)}</select></label>`;
}

function Actions() {
  const asking = useSignal(false);
  const ids = [...chosen.value];
  const sendable = SENDABLE.includes(tab());
  const withdraw = () => {
    asking.value = false;
    decide(WITHDRAW_OFFERS, ids, (gone) => t("catalogue.withdrawn", { count: gone }));
  };
  return html`<div class="row" role="toolbar" aria-label=${t("catalogue.actions")}>
    ${sendable && ids.length > 0 && html`<button type="button" class="button main" onClick=${() => send(ids)}>${t("catalogue.send", { count: ids.length })}</button>`}
    ${tab() === "DRAFT" && !ids.length && count("DRAFT") > 0 && html`<button type="button" class="button main" onClick=${() => send(null)}>${t("catalogue.sendAll", { count: count("DRAFT") })}</button>`}
    ${tab() !== "WITHDRAWN" && ids.length > 0 && html`<button type="button" class="button" onClick=${() => { asking.value = true; }}>${t("catalogue.withdraw", { count: ids.length })}</button>`}
    ${asking.value && html`<${WithdrawDialog} count=${ids.length} withdraw=${withdraw} leave=${() => { asking.value = false; }} />`}
  </div>`;
}

/** @param {string | null} open */
function list(open) {
  if (!rows.value) return problem.value ? null : html`<${Skeleton} />`;
  if (!rows.value.length) return nothing();
  const shown = rows.value;
  const toggle = (/** @type {string} */ id) => {
    const next = new Set(chosen.value);
    if (!next.delete(id)) next.add(id);
    chosen.value = next;
  };
  const all = (/** @type {boolean} */ on) => { chosen.value = new Set(on ? shown.map((row) => row.id) : []); };
  const selection = tab() === "WITHDRAWN" || !may("offers:write") ? undefined : { ids: chosen.value, name: (/** @type {any} */ row) => row.sku, toggle, all };
  return html`<${DataTable} label=${t("catalogue.title")} columns=${columns(refused.value)} rows=${shown} current=${open} selection=${selection}
      open=${(/** @type {any} */ row) => go(withQuery({ offer: row.id }), { replace: Boolean(open) })} />
    ${more.value && html`<button type="button" class="button" onClick=${() => load(more.value)}>${t("action.more")}</button>`}`;
}

function nothing() {
  if (query("q")) {
    return html`<${EmptyState} title=${t("catalogue.noMatch")} text=${t("catalogue.noMatchText", { text: String(query("q")) })}><a class="button" href=${withQuery({ q: null })}>${t("action.clearSearch")}</a><//>`;
  }
  if (!Object.values(counts.value ?? {}).some(Boolean)) return html`<${EmptyState} title=${t("catalogue.first")} text=${t("catalogue.firstText")} />`;
  return html`<${EmptyState} title=${t(`catalogue.none.${tab()}`)} text=${t(`catalogue.noneText.${tab()}`)} />`;
}
