/**
 * Rows of a list: a table for eyes, keyboard and screen readers alike; cards where it is narrow. Arrow keys or j and k
 * go from row to row, x selects.
 */
import { t } from "../messages.js";
import { html, useRef } from "../ui.js";

/**
 * `wide` columns head a card; `plain` ones are for those alone who see a table.
 * @typedef {{key: string, label: string, number?: boolean, head?: boolean, cell: (row: any) => any}} Column
 * @typedef {{ids: Set<string>, name: (row: any) => string, toggle: (id: string) => void, all: (on: boolean) => void}} Selection
 * @param {{label: string, columns: Column[], rows: any[], current?: string | null, open: (row: any) => void, selection?: Selection}} props
 */
export function DataTable({ label, columns, rows, current = null, open, selection }) {
  const body = useRef(/** @type {HTMLTableSectionElement | null} */ (null));
  const entry = rows.some((row) => row.id === current) ? current : rows[0]?.id;
  return html`<div class="table"><table aria-label=${label} class=${selection ? "selectable" : undefined}>
    <thead><tr>${selection && html`<th scope="col" class="select"><${Every} rows=${rows} selection=${selection} /></th>`}
      ${columns.map((column) => html`<th key=${column.key} scope="col" class=${shape(column)}>${column.label}</th>`)}</tr></thead>
    <tbody ref=${body} onKeyDown=${(/** @type {KeyboardEvent} */ event) => step(event, body.current, selection)}>
      ${rows.map((row) => {
        const enter = (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && event.target === event.currentTarget && open(row);
        return html`<tr key=${row.id} data-id=${row.id} tabindex=${row.id === entry ? 0 : -1} aria-current=${row.id === current ? "true" : undefined}
          onClick=${(/** @type {MouseEvent} */ event) => isControl(event) || open(row)} onKeyDown=${enter}>
          ${selection && html`<td class="select"><label><input type="checkbox" tabindex="-1" checked=${selection.ids.has(row.id)} aria-label=${t("table.select", { name: selection.name(row) })}
            onChange=${() => selection.toggle(row.id)} /></label></td>`}
          ${columns.map((column) => html`<td key=${column.key} class=${shape(column)} data-label=${column.label}>${column.cell(row)}</td>`)}
        </tr>`;
      })}
    </tbody>
  </table></div>`;
}

/** @param {{rows: any[], selection: Selection}} props */
function Every({ rows, selection }) {
  const count = rows.filter((row) => selection.ids.has(row.id)).length;
  return html`<label><input type="checkbox" aria-label=${t("table.selectAll")} checked=${count > 0 && count === rows.length}
    indeterminate=${count > 0 && count < rows.length} onChange=${() => selection.all(count < rows.length)} /></label>`;
}

/** A click into a cell with a control means the control. @param {MouseEvent} event */
const isControl = (event) => event.target instanceof Element && event.target.closest(".select, a, button, input") !== null;

/** @param {Column} column */
const shape = (column) => [column.number && "number", column.head && "head"].filter(Boolean).join(" ") || undefined;

const STEPS = /** @type {Record<string, number>} */ ({ j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 });

/**
 * @param {KeyboardEvent} event
 * @param {HTMLTableSectionElement | null} body
 * @param {Selection} [selection]
 */
function step(event, body, selection) {
  if (!body || event.ctrlKey || event.metaKey || event.altKey) return;
  const rows = /** @type {HTMLTableRowElement[]} */ ([...body.rows]);
  const row = /** @type {HTMLTableRowElement | null} */ (document.activeElement?.closest("tr") ?? null);
  const at = row ? rows.indexOf(row) : -1;
  if (at < 0) return;
  if (event.key === "x" && selection) {
    event.preventDefault();
    selection.toggle(String(row?.dataset.id));
  }
  const next = rows[at + (STEPS[event.key] ?? 0)];
  if (!next || next === row) return;
  event.preventDefault();
  next.focus();
}
