/** A partner's figures: each number leads to its orders, with a chart over the weeks. Draws what its page fetched. */
import { date, dateTime, hours, permille } from "../format.js";
import { t } from "../messages.js";
import { withQuery } from "../router.js";
import { html } from "../ui.js";
import { DataTable } from "./data-table.js";
import { EmptyState } from "./empty-state.js";
import { StatusPill } from "./status-pill.js";
import { SvgChart } from "./svg-chart.js";

export const NEEDED = 10; // answered orders; fewer say nothing

/** @param {string} measure @param {number | null} value */
export function shown(measure, value) {
  if (value === null) return "–";
  return measure === "STOCK_AGE" ? hours(value) : permille(value);
}

/**
 * @typedef {{label: string, cell: (row: any, bad: boolean) => any}} Extra
 * @param {{performance: any, measure: string | null, at: number, look: (at: number) => void, orders: any[] | null, extra: Extra, file: string, open?: (row: any) => void}} props
 */
export function Figures({ performance, measure, at, look, orders, extra, file, open = () => {} }) {
  if (performance.orders < NEEDED) {
    return html`<${EmptyState} title=${t("figures.few")} text=${t("figures.fewText", { count: performance.orders, needed: NEEDED })} />`;
  }
  const chosen = performance.series.find((/** @type {any} */ each) => each.measure === measure);
  return html`<div class="stack">
    <p class="row"><span class="muted">${t("figures.weeks", { count: performance.weeks.length })}</span><a class="button push" href=${file} download>${t("figures.file")}</a></p>
    <ul role="list" class="tiles">${performance.series.map((/** @type {any} */ each) => html`<${Tile} key=${each.measure} series=${each} current=${each.measure === measure} />`)}</ul>
    ${chosen && html`<${Behind} performance=${performance} series=${chosen} at=${at} look=${look} orders=${orders} extra=${extra} open=${open} />`}
  </div>`;
}

/** @param {{series: any, current: boolean}} props */
function Tile({ series, current }) {
  const { measure, total } = series;
  const way = trend(series);
  return html`<li><a class="tile" href=${withQuery({ measure: current ? null : measure, week: null })} aria-current=${current ? "true" : undefined}>
    <span>${t(`figures.measure.${measure}`)}</span>
    <strong>${shown(measure, total.value)} ${way && html`<span class="trend" title=${t(`figures.trend.${way}`)}><span aria-hidden="true">${way === "up" ? "▲" : "▼"}</span><span class="unseen">${t(`figures.trend.${way}`)}</span></span>`}</strong>
    <span class="row"><span class="muted">${t("figures.target", { target: shown(measure, total.target) })}</span>${judged(series)}</span>
  </a></li>`;
}

/** The last full week against the one before. @param {any} series */
function trend(series) {
  const [before, last] = series.weeks.slice(-3, -1);
  if (!before || before.value === null || last.value === null || before.value === last.value) return null;
  return last.value > before.value ? "up" : "down";
}

/** @param {any} series */
function judged(series) {
  const { value, target } = series.total;
  if (value === null || target === null) return null;
  const good = series.moreIsBetter ? value >= target : value <= target;
  return html`<${StatusPill} tone=${good ? "ok" : "warn"}>${t(good ? "figures.met" : "figures.missed")}<//>`;
}

/** @param {{performance: any, series: any, at: number, look: (at: number) => void, orders: any[] | null, extra: Extra, open: (row: any) => void}} props */
function Behind({ performance, series, at, look, orders, extra, open }) {
  const { measure } = series;
  const points = performance.weeks.map((/** @type {string} */ week, /** @type {number} */ index) => {
    const { value, target } = series.weeks[index];
    return { label: date(week), value, target, text: shown(measure, value), targetText: shown(measure, target) };
  });
  const here = series.weeks[at];
  return html`<section class="part" aria-label=${t(`figures.measure.${measure}`)}>
    <${SvgChart} label=${t(`figures.measure.${measure}`)} points=${points} at=${at} look=${look} />
    <p role="status">${t("figures.week", { week: points[at].label, value: points[at].text, counted: here.counted, base: here.base })}</p>
    <details><summary>${t("figures.how")}</summary><p>${t(`figures.how.${measure}`)}</p></details>
    ${measure === "STOCK_AGE" ? html`<p class="muted">${t("figures.noOrders")}</p>` : behind(orders, series, extra, open)}
  </section>`;
}

/** What is done within a cell is not meant for its row. @param {Event} event */
const alone = (event) => event.stopPropagation();

/** @param {any[] | null} orders @param {any} series @param {Extra} extra @param {(row: any) => void} open */
function behind(orders, series, extra, open) {
  if (!orders) return null;
  if (!orders.length) return html`<p class="muted">${t("figures.noneMissed")}</p>`;
  const bad = (/** @type {any} */ row) => (series.moreIsBetter ? row.counted < row.base : row.counted > 0);
  const columns = [
    { key: "number", label: t("figures.order"), cell: (/** @type {any} */ row) => row.number },
    { key: "moment", label: t("figures.when"), cell: (/** @type {any} */ row) => dateTime(row.moment) },
    { key: "verdict", label: t("figures.verdict"), cell: (/** @type {any} */ row) => html`<${StatusPill} tone=${bad(row) ? "warn" : "ok"}>${bad(row) ? t("figures.bad") : t("figures.good")}<//>` },
    { key: "extra", label: extra.label, cell: (/** @type {any} */ row) => html`<span onClick=${alone} onKeyDown=${alone}>${extra.cell(row, bad(row))}</span>` },
  ];
  return html`<${DataTable} label=${t("figures.orders")} columns=${columns} rows=${orders.map((row) => ({ ...row, id: row.fulfillmentOrderId }))} open=${open} />`;
}
