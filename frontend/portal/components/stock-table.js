/** Articles with their pieces, changed in place: Enter saves and goes down, Escape restores, a pasted column fills. */
import { StatusPill } from "../../shared/components/status-pill.js";
import { date, dateTime } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html, useRef, useSignal } from "../../shared/ui.js";

/** @typedef {{location: string, sku: string, onHand: number, allocated: number, reserved: number, safety: number, paused: boolean, asOf: string, countedBy: string | null, variant: any, nextInbound: any}} Level */
/** @typedef {{row: Level, column: string, quantity: number}} Change */

export const keyOf = (/** @type {Level} */ row) => `${row.location}/${row.sku}`;
/** Pieces on the shelf that are promised to nobody. */
export const freeOf = (/** @type {Level} */ row) => row.onHand - row.allocated;

/**
 * `moved` has by row what somebody else made of a figure, beside what was typed. `save` answers whether all was taken.
 * @param {{rows: Level[], several: boolean, editable: boolean, moved: Record<string, {mine: number, present: number}>,
 *   save: (changes: Change[], seen?: number) => void, take: (row: Level) => void, pause: (row: Level) => void}} props
 */
export function StockTable({ rows, several, editable, moved, save, take, pause }) {
  const body = useRef(/** @type {HTMLTableSectionElement | null} */ (null));
  const field = (/** @type {Level} */ row, /** @type {number} */ at, /** @type {string} */ column, /** @type {number} */ value) => html`<${Figure}
    key=${`${column} ${value}`} label=${t(`stock.${column}Of`, { sku: row.sku })} column=${column} value=${value} editable=${editable}
    keep=${(/** @type {number} */ quantity) => save([{ row, column, quantity }])}
    down=${(/** @type {number} */ by) => focusAt(body.current, at + by, column)}
    fill=${(/** @type {number[]} */ figures) => save(figures.slice(0, rows.length - at).map((quantity, below) => ({ row: rows[at + below], column, quantity })))} />`;
  return html`<div class="table"><table aria-label=${t("stock.title")}>
    <thead><tr>
      <th scope="col">${t("stock.sku")}</th><th scope="col">${t("stock.article")}</th>${several && html`<th scope="col">${t("stock.place")}</th>`}
      <th scope="col" class="number">${t("stock.free")}</th><th scope="col" class="number">${t("stock.reserved")}</th><th scope="col" class="number">${t("stock.buffer")}</th>
      <th scope="col">${t("stock.next")}</th><th scope="col">${t("stock.updated")}</th><th scope="col">${t("stock.state")}</th>
    </tr></thead>
    <tbody ref=${body}>${rows.map((row, at) => html`<tr key=${keyOf(row)}>
      <th scope="row">${row.sku}</th><td>${row.variant.name}</td>${several && html`<td data-label=${t("stock.place")}>${row.location}</td>`}
      <td class="number" data-label=${t("stock.free")}>${field(row, at, "free", freeOf(row))}${moved[keyOf(row)] && html`<${Moved} found=${moved[keyOf(row)]}
        keep=${() => save([{ row, column: "free", quantity: moved[keyOf(row)].mine }], moved[keyOf(row)].present)} take=${() => take(row)} />`}</td>
      <td class="number" data-label=${t("stock.reserved")}>${row.allocated + row.reserved}</td>
      <td class="number" data-label=${t("stock.buffer")}>${field(row, at, "buffer", row.safety)}</td>
      <td data-label=${t("stock.next")}>${row.nextInbound ? html`${date(row.nextInbound.expectedOn)} · ${row.nextInbound.quantity - row.nextInbound.received}` : "–"}</td>
      <td data-label=${t("stock.updated")}>${row.asOf < "1971" ? t("stock.never") : html`${dateTime(row.asOf)} <span class="muted">${row.countedBy}</span>`}</td>
      <td class="act"><${StatusPill} tone=${row.paused ? "warn" : "ok"}>${t(row.paused ? "stock.paused" : "stock.onSale")}<//>
        ${editable && html` <button type="button" class="button plain" aria-label=${t(row.paused ? "stock.resumeOf" : "stock.pauseOf", { sku: row.sku })} onClick=${() => pause(row)}>${t(row.paused ? "stock.resume" : "stock.pause")}</button>`}</td>
    </tr>`)}</tbody>
  </table></div>`;
}

/** @param {HTMLElement | null} body @param {number} at @param {string} column */
function focusAt(body, at, column) {
  const next = /** @type {HTMLInputElement | null} */ (body?.querySelectorAll("tr")[at]?.querySelector(`input[name="${column}"]`));
  next?.focus();
  next?.select();
}

/**
 * @param {{label: string, column: string, value: number, editable: boolean, keep: (quantity: number) => void, down: (by: number) => void, fill: (figures: number[]) => void}} props
 */
function Figure({ label, column, value, editable, keep, down, fill }) {
  const typed = useSignal(String(value));
  const wrong = !/^\d{1,9}$/.test(typed.value.trim());
  const done = () => {
    if (!wrong && Number(typed.value) !== value) keep(Number(typed.value));
  };
  const keys = (/** @type {KeyboardEvent} */ event) => {
    const by = /** @type {Record<string, number>} */ ({ Enter: 1, ArrowDown: 1, ArrowUp: -1 })[event.key];
    if (event.key === "Escape") typed.value = String(value);
    else if (by && !wrong) {
      event.preventDefault();
      done();
      down(by);
    }
  };
  const paste = (/** @type {ClipboardEvent} */ event) => {
    const lines = (event.clipboardData?.getData("text") ?? "").trim().split(/\r?\n/).map((line) => line.split("\t")[0].trim().replace(/[., ](?=\d{3}\b)/g, ""));
    if (lines.length < 2 || !lines.every((line) => /^\d{1,9}$/.test(line))) return;
    event.preventDefault();
    fill(lines.map(Number));
  };
  return html`<input class="control figure" name=${column} inputmode="numeric" autocomplete="off" aria-label=${label} value=${typed.value} readonly=${!editable}
    aria-invalid=${wrong ? "true" : undefined} onInput=${(/** @type {any} */ event) => { typed.value = event.target.value; }}
    onFocus=${(/** @type {any} */ event) => event.target.select()} onKeyDown=${keys} onChange=${done} onPaste=${paste} />`;
}

/** @param {{found: {mine: number, present: number}, keep: () => void, take: () => void}} props */
function Moved({ found, keep, take }) {
  return html`<div class="notice warn stack" role="alert"><p>${t("stock.moved", { present: found.present, mine: found.mine })}</p><div class="row">
    <button type="button" class="button" onClick=${keep}>${t("stock.keepMine", { count: found.mine })}</button>
    <button type="button" class="button" onClick=${take}>${t("stock.takeTheirs", { count: found.present })}</button></div></div>`;
}
