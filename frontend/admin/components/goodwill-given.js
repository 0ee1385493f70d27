/** What was given out of goodwill in a time: the sums by form and reason, and behind each the single ones. */
import { typed } from "../../shared/amounts.js";
import { ask } from "../../shared/api.js";
import { csvOf, download } from "../../shared/csv.js";
import { DataTable } from "../../shared/components/data-table.js";
import { EmptyState } from "../../shared/components/empty-state.js";
import { Failure } from "../../shared/components/failure.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { dateTime, money, startOf } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { go, place, withQuery } from "../../shared/router.js";
import { effect, html, signal, untracked, useEffect } from "../../shared/ui.js";
import { nameOf } from "../message-words.js";
import { GOODWILL_GIVEN } from "../operations.js";
import { dayAfter, periodOf, PRESETS } from "../periods.js";

const found = signal(/** @type {any} */ (null));
const problem = signal(/** @type {any} */ (null));
const query = (/** @type {string} */ name) => place.value.query.get(name);
let asked = 0;

/** The days asked for, the last one included; this month where none are. */
const period = () => {
  const [from, to] = periodOf("month", new Date());
  return { from: query("from") ?? from, to: query("to") ?? to };
};

/** @param {string | null} [after] */
async function load(after = null) {
  const turn = ++asked;
  const { from, to } = period();
  const [since, until] = [startOf(from), startOf(dayAfter(to))];
  if (!since || !until || since >= until) return void (problem.value = { code: "PERIOD", message: t("given.noPeriod") });
  const filter = { state: ["GRANTED"], grantedFrom: since, grantedUntil: until, ...(query("form") && { form: [query("form")] }), ...(query("reason") && { reason: [query("reason")] }) };
  try {
    const { goodwillReport, goodwill } = await ask(GOODWILL_GIVEN, { since, until, filter, after });
    if (turn !== asked) return undefined;
    const rows = after ? [...found.value.rows, ...goodwill.nodes] : goodwill.nodes;
    found.value = { sums: goodwillReport, rows, more: goodwill.pageInfo.hasNextPage ? goodwill.pageInfo.endCursor : null };
    problem.value = null;
  } catch (failed) {
    if (turn === asked) problem.value = failed;
  }
  return undefined;
}

function watch() {
  const stop = effect(() => {
    place.value;
    untracked(load);
  });
  return () => {
    stop();
    asked += 1;
    found.value = problem.value = null;
  };
}

export function GoodwillGiven() {
  useEffect(watch, []);
  return html`<section class="stack" aria-label=${t("goodwill.view.given")}>
    <${Period} />
    ${problem.value && (problem.value.code === "PERIOD" ? html`<p class="notice bad" role="alert">${problem.value.message}</p>` : html`<${Failure} problem=${problem.value} retry=${() => load()} />`)}
    ${!found.value && !problem.value && html`<${Skeleton} />`}
    ${found.value && !problem.value && (found.value.sums.length ? sums() : html`<${EmptyState} title=${t("given.none")} text=${t("given.noneText")} />`)}
  </section>`;
}

function Period() {
  const { from, to } = period();
  function choose(/** @type {SubmitEvent} */ event) {
    event.preventDefault();
    const given = new FormData(/** @type {HTMLFormElement} */ (event.target));
    go(withQuery({ from: String(given.get("from")) || null, to: String(given.get("to")) || null }));
  }
  return html`<form class="row" key=${`${from} ${to}`} onSubmit=${choose} aria-label=${t("given.period")}>
    <span class="tabs">${PRESETS.map((each) => {
      const [first, last] = periodOf(each, new Date());
      return html`<a key=${each} href=${withQuery({ from: first, to: last })} aria-current=${first === from && last === to ? "true" : undefined}>${t(`given.preset.${each}`)}</a>`;
    })}</span>
    <label class="row tight">${t("given.from")} <input class="control short" type="date" name="from" required defaultValue=${from} /></label>
    <label class="row tight">${t("given.to")} <input class="control short" type="date" name="to" required defaultValue=${to} /></label>
    <button class="button">${t("given.show")}</button>
  </form>`;
}

/** The sums, all of them together, and the single ones of those that were opened. */
function sums() {
  const { sums: all, rows, more } = found.value;
  const shown = all.map((/** @type {any} */ each) => ({ ...each, id: `${each.form} ${each.reason} ${each.amount.currency}` }));
  const one = query("form") || query("reason");
  const current = shown.find((/** @type {any} */ each) => each.form === query("form") && each.reason === query("reason"));
  const { from, to } = period();
  const file = () => download(`goodwill-${from}-${to}.csv`, csvOf([
    [t("goodwill.formName"), t("goodwill.reasonName"), t("given.count"), t("goodwill.amount"), t("given.currency")],
    ...all.map((/** @type {any} */ each) => [t(`goodwill.form.${each.form}`), t(`goodwill.reason.${each.reason}`), each.count, typed(each.amount.amount, each.amount.currency), each.amount.currency]),
  ]));
  return html`<dl class="facts">${totals(all).map(([name, count, amount]) => html`<dt key=${name}>${name}</dt><dd>${t("given.times", { count })} · <strong>${money(amount)}</strong></dd>`)}</dl>
    <div class="row"><h2>${t("given.sums")}</h2><button type="button" class="button push" onClick=${file}>${t("given.file")}</button></div>
    <${DataTable} label=${t("given.sums")} rows=${shown} current=${current?.id ?? null} open=${(/** @type {any} */ row) => go(withQuery({ form: row.form, reason: row.reason }))} columns=${[
      { key: "form", label: t("goodwill.formName"), head: true, cell: (/** @type {any} */ row) => html`<a href=${withQuery({ form: row.form, reason: row.reason })}>${t(`goodwill.form.${row.form}`)}, ${t(`goodwill.reason.${row.reason}`)}</a>` },
      { key: "count", label: t("given.count"), number: true, cell: (/** @type {any} */ row) => row.count },
      { key: "amount", label: t("goodwill.amount"), number: true, head: true, cell: (/** @type {any} */ row) => money(row.amount) },
    ]} />
    <div class="row"><h2>${one ? [query("form") && t(`goodwill.form.${query("form")}`), query("reason") && t(`goodwill.reason.${query("reason")}`)].filter(Boolean).join(", ") : t("given.every")}</h2>
      ${one && html`<a class="button plain" href=${withQuery({ form: null, reason: null })}>${t("action.clearFilter")}</a>`}</div>
    <div class="table"><table aria-label=${t("given.list")}>
      <thead><tr><th scope="col">${t("goodwill.order")}</th><th scope="col">${t("goodwill.what")}</th><th scope="col" class="number">${t("goodwill.amount")}</th><th scope="col">${t("given.by")}</th></tr></thead>
      <tbody>${rows.map((/** @type {any} */ row) => html`<tr key=${row.id}>
        <td class="head"><a href=${`/care/orders/${row.orderNumber}/refund`}>${row.orderNumber}</a></td>
        <td data-label=${t("goodwill.what")}>${t(`goodwill.form.${row.form}`)}, ${t(`goodwill.reason.${row.reason}`)}${row.note && html`<br /><span class="muted">${row.note}</span>`}</td>
        <td class="number head">${money(row.amount)}</td>
        <td data-label=${t("given.by")}>${nameOf(row.grantedBy ?? row.requestedBy)}${row.grantedBy !== row.requestedBy && html` <span class="muted">${t("given.asked", { name: nameOf(row.requestedBy) })}</span>`}<br /><span class="muted">${dateTime(row.grantedAt)}</span></td>
      </tr>`)}</tbody></table></div>
    ${more && html`<div><button type="button" class="button" onClick=${() => load(more)}>${t("action.more")}</button></div>`}`;
}

/** The sums of each form in each currency, with how often. @param {any[]} all @returns {[string, number, {amount: number, currency: string}][]} */
function totals(all) {
  /** @type {Map<string, [string, number, {amount: number, currency: string}]>} */
  const kept = new Map();
  for (const each of all) {
    const { currency } = each.amount;
    for (const name of [t("given.together"), t(`goodwill.form.${each.form}`)]) {
      const [, count, { amount }] = kept.get(`${currency} ${name}`) ?? [name, 0, { amount: 0, currency }];
      kept.set(`${currency} ${name}`, [name, count + each.count, { amount: amount + each.amount.amount, currency }]);
    }
  }
  return [...kept.values()];
}
