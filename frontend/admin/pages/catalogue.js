/** What partners offer: looked at, put on sale, or sent back with what has to change. */
import { ask, change } from "../../shared/api.js";
import { Dialog } from "../../shared/components/dialog.js";
import { EmptyState } from "../../shared/components/empty-state.js";
import { Failure, words } from "../../shared/components/failure.js";
import { FilterBar } from "../../shared/components/filter-bar.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { tell } from "../../shared/components/toast.js";
import { date, money } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { place, withQuery } from "../../shared/router.js";
import { computed, effect, html, signal, untracked, useEffect, useSignal } from "../../shared/ui.js";
import { Field } from "../components/form-parts.js";
import { APPROVE, OFFERS, RETURN } from "../operations.js";

const TABS = ["IN_REVIEW", "LIVE", "RETURNED", "DRAFT", "WITHDRAWN"];

const rows = signal(/** @type {any[] | null} */ (null));
const counts = signal(/** @type {Record<string, number>} */ ({}));
const more = signal(/** @type {string | null} */ (null));
const problem = signal(/** @type {any} */ (null));
const chosen = signal(/** @type {Set<string>} */ (new Set()));
const refused = signal(/** @type {Record<string, string>} */ ({}));
const query = (/** @type {string} */ name) => place.value.query.get(name);
const tab = () => (TABS.includes(query("tab") ?? "") ? String(query("tab")) : "IN_REVIEW");
const view = computed(() => `${tab()} ${query("q") ?? ""} ${query("partner") ?? ""}`);
let asked = 0;

/** @param {string | null} [after] */
async function load(after = null) {
  const turn = ++asked;
  const filter = { states: [tab()], ...(query("q") && { search: query("q") }), ...(query("partner") && { partnerIds: [query("partner")] }) };
  try {
    const { catalogOffers, catalogOfferCounts } = await ask(OFFERS, { filter, after });
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
    rows.value = problem.value = null;
  };
}

/** What is chosen, as it was looked at: what its partner changed since is refused, and shown as it is now. */
const reviewed = () => (rows.value ?? []).filter((row) => chosen.value.has(row.id)).map(({ id, version }) => ({ id, version }));

/** Failures stay chosen, with their reason; successes leave the list. @param {string} document @param {Record<string, any>} given @param {(count: number) => string} done */
async function decide(document, given, done) {
  try {
    const answer = await change(document, given);
    refused.value = Object.fromEntries(answer.refused.map((/** @type {any} */ each) => [each.id, each.message]));
    chosen.value = new Set(Object.keys(refused.value));
    tell(done(answer.count));
  } catch (/** @type {any} */ failed) {
    tell(words(failed), { tone: "bad" });
  }
  await load();
  // Nothing is decided about what is not on the screen.
  const shown = new Set((rows.value ?? []).map((row) => row.id));
  chosen.value = new Set([...chosen.value].filter((id) => shown.has(id)));
}

export function Page() {
  const returning = useSignal(false);
  useEffect(watch, []);
  const count = chosen.value.size;
  const sendBack = (/** @type {string} */ reason) => {
    returning.value = false;
    decide(RETURN, { ids: [...chosen.value], reason }, (sent) => t("catalogue.returned", { count: sent }));
  };
  return html`<div class="stack">
    <h1>${t("catalogue.title")}</h1>
    <nav class="tabs" aria-label=${t("catalogue.views")}>${TABS.map((each) => html`<a key=${each} href=${withQuery({ tab: each })} aria-current=${each === tab() ? "page" : undefined}>${t(`catalogue.tab.${each}`, { count: counts.value[each] ?? 0 })}</a>`)}</nav>
    <${FilterBar} label=${t("catalogue.search")} />
    ${problem.value && html`<${Failure} problem=${problem.value} retry=${() => load()} />`}
    ${list()}
    ${tab() === "IN_REVIEW" && count > 0 && html`<div class="row">
      <button type="button" class="button main" onClick=${() => decide(APPROVE, { offers: reviewed() }, (approved) => t("catalogue.approved", { count: approved }))}>${t("catalogue.approve", { count })}</button>
      <button type="button" class="button" onClick=${() => { returning.value = true; }}>${t("catalogue.return", { count })}</button></div>`}
    ${returning.value && html`<${ReturnDialog} sendBack=${sendBack} leave=${() => { returning.value = false; }} />`}
  </div>`;
}

/** @param {{sendBack: (reason: string) => void, leave: () => void}} props */
function ReturnDialog({ sendBack, leave }) {
  function submit(/** @type {SubmitEvent} */ event) {
    event.preventDefault();
    sendBack(String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("reason")).trim());
  }
  return html`<${Dialog} title=${t("catalogue.reason")} leave=${leave}><form class="stack" onSubmit=${submit}>
    <${Field} name="reason" label=${t("catalogue.reason")} hint=${t("catalogue.reasonHint")} required maxlength="500" />
    <div class="row"><button class="button main">${t("catalogue.doReturn")}</button><button type="button" class="button" onClick=${leave}>${t("action.back")}</button></div>
  </form><//>`;
}

function list() {
  if (!rows.value) return problem.value ? null : html`<${Skeleton} />`;
  if (!rows.value.length) {
    if (query("q") || query("partner")) {
      return html`<${EmptyState} title=${t("catalogue.noMatch")} text=${t("catalogue.noMatchText")}><a class="button" href=${withQuery({ q: null, partner: null })}>${t("action.clearFilter")}</a><//>`;
    }
    return html`<${EmptyState} title=${t("catalogue.none")} text=${t("catalogue.noneText")} />`;
  }
  const deciding = tab() === "IN_REVIEW";
  const every = () => {
    const shown = rows.value ?? [];
    chosen.value = new Set(chosen.value.size === shown.length ? [] : shown.map((row) => row.id));
  };
  return html`<div class="stack"><div class="table"><table aria-label=${t("catalogue.title")}>
    <thead><tr>${deciding && html`<th scope="col" class="select"><input type="checkbox" aria-label=${t("catalogue.all")} checked=${chosen.value.size === rows.value.length} onChange=${every} /></th>`}
      <th scope="col">${t("catalogue.article")}</th><th scope="col">${t("catalogue.partner")}</th><th scope="col" class="number">${t("catalogue.price")}</th><th scope="col">${t("catalogue.known")}</th></tr></thead>
    <tbody>${rows.value.map((row) => html`<${Offer} key=${row.id} row=${row} deciding=${deciding} />`)}</tbody></table></div>
    ${more.value && html`<button type="button" class="button" onClick=${() => load(more.value)}>${t("action.more")}</button>`}</div>`;
}

/** @param {{row: any, deciding: boolean}} props */
function Offer({ row, deciding }) {
  const choose = () => {
    const next = new Set(chosen.value);
    if (!next.delete(row.id)) next.add(row.id);
    chosen.value = next;
  };
  const period = (row.validFrom || row.validUntil) && t("catalogue.period", { from: date(row.validFrom?.slice(0, 10)) || "…", until: date(row.validUntil?.slice(0, 10)) || "…" });
  return html`<tr>
    ${deciding && html`<td class="select"><input type="checkbox" aria-label=${t("catalogue.choose", { sku: row.sku })} checked=${chosen.value.has(row.id)} onChange=${choose} /></td>`}
    <td><strong>${row.name ?? row.sku}</strong><br /><span class="muted">${[row.sku, row.gtin, row.brand, row.category].filter(Boolean).join(" · ")}</span>
      ${period && html`<br /><span class="muted">${period}</span>`}${row.reason && html`<br /><span>${row.reason}</span>`}
      ${refused.value[row.id] && html`<br /><span class="fault">${refused.value[row.id]}</span>`}</td>
    <td data-label=${t("catalogue.partner")}>${row.partner.name}</td><td class="number" data-label=${t("catalogue.price")}>${row.price ? money(row.price) : "–"}</td><td data-label=${t("catalogue.known")}>${row.variant?.sku ?? t("catalogue.new")}</td>
  </tr>`;
}
