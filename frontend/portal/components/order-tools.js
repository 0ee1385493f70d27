/** Beside the list: filters, order, saved views, and what can still be taken back. All of it stands in the address. */
import { ask, change } from "../../shared/api.js";
import { ViewsMenu } from "../../shared/components/views-menu.js";
import { t } from "../../shared/messages.js";
import { recent } from "../../shared/recent.js";
import { go, place, withQuery } from "../../shared/router.js";
import { html, useEffect, useSignal } from "../../shared/ui.js";
import { attempt } from "../answering.js";
import { CallSwitch } from "./call-switch.js";
import { COUNTS, DELETE_VIEW, SAVE_VIEW, VIEWS } from "../operations.js";
import { askedBy, COUNTED_TABS, DUES, FILTERS, SORTS, viewOf } from "../order-query.js";

const PAGE = "portal/orders";

/** `seen` is when the list was read. @param {{seen: number, counted: (found: Record<string, number>) => void, changed: () => void}} props */
export function OrderTools({ seen, counted }) {
  const views = useSignal(/** @type {any[]} */ ([]));
  const open = useSignal(FILTERS.some((name) => place.value.query.get(name)));

  async function read() {
    await attempt(async () => {
      const { savedViews } = await ask(VIEWS, { page: PAGE });
      views.value = savedViews;
    });
    await count();
  }
  async function count() {
    const now = Date.now();
    const queries = [...COUNTED_TABS.map((tab) => `tab=${tab}`), ...views.value.map((view) => view.query)];
    try {
      const { fulfillmentOrderCounts: found } = await ask(COUNTS, { filters: queries.map((query) => askedBy(new URLSearchParams(query), now).filter) });
      counted(Object.fromEntries(COUNTED_TABS.map((tab, at) => [tab, found[at]])));
      views.value = views.value.map((view, at) => ({ ...view, count: found[COUNTED_TABS.length + at] }));
    } catch {
      // The list itself says when the server is away; numbers beside tabs can wait.
    }
  }
  useEffect(() => void read(), []);
  useEffect(() => {
    if (seen) count();
  }, [seen]);

  const save = (/** @type {string} */ name, /** @type {boolean} */ shared) => attempt(async () => {
    await change(SAVE_VIEW, { input: { page: PAGE, name, query: viewOf(place.value.query), shared } });
    await read();
  });
  const remove = (/** @type {{id: string}} */ view) => attempt(async () => {
    await change(DELETE_VIEW, { id: view.id });
    await read();
  });

  return html`<div class="row">
    <button type="button" class="button" aria-expanded=${open.value} onClick=${() => { open.value = !open.value; }}>${t("filter.title")}</button>
    <${ViewsMenu} views=${views.value} current=${viewOf(place.value.query)} address=${(/** @type {string} */ query) => `${place.value.path}?${query}`} save=${save} remove=${remove} />
    <${Recent} />
    <span class="push"><${CallSwitch} /></span>
  </div>
  ${open.value && html`<${Filters} />`}`;
}

function Filters() {
  const query = place.value.query;
  const set = (/** @type {string} */ name) => (/** @type {Event} */ event) => go(withQuery({ [name]: /** @type {HTMLInputElement} */ (event.target).value.trim() || null, order: null }));
  return html`<form class="row filters" onSubmit=${(/** @type {Event} */ event) => event.preventDefault()}>
    <div class="field"><label for="f-due">${t("filter.due")}</label><select id="f-due" value=${query.get("due") ?? ""} onChange=${set("due")}>
      <option value="">${t("filter.any")}</option>${DUES.map((due) => html`<option key=${due} value=${due}>${t(`filter.due.${due}`)}</option>`)}</select></div>
    <div class="field"><label for="f-to">${t("filter.to")}</label><input id="f-to" autocomplete="off" maxlength="100" value=${query.get("to") ?? ""} onChange=${set("to")} /></div>
    <div class="field"><label for="f-article">${t("filter.article")}</label><input id="f-article" autocomplete="off" maxlength="100" value=${query.get("article") ?? ""} onChange=${set("article")} /></div>
    <div class="field"><label for="f-since">${t("filter.since")}</label><input id="f-since" type="date" value=${query.get("since") ?? ""} onChange=${set("since")} /></div>
    <div class="field"><label for="f-sort">${t("filter.sort")}</label><select id="f-sort" value=${query.get("sort") ?? ""} onChange=${set("sort")}>
      <option value="">${t("filter.usual")}</option>${SORTS.map((sort) => html`<option key=${sort} value=${sort}>${t(`filter.sort.${sort}`)}</option>`)}</select></div>
    ${FILTERS.some((name) => query.get(name)) && html`<a class="button" href=${withQuery(Object.fromEntries(FILTERS.map((name) => [name, null])))}>${t("filter.clear")}</a>`}
  </form>`;
}

function Recent() {
  if (!recent.value.length) return null;
  return html`<details class="recent"><summary class="button">${t("recent.title", { count: recent.value.length })}</summary>
    <ul role="list" class="stack">${recent.value.map((each) => html`<li key=${each.id} class="row">
      <span>${each.text}</span><button type="button" class="button push" onClick=${each.undo}>${t("action.undo")}</button></li>`)}</ul>
  </details>`;
}
