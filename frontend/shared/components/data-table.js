/** Rows of a list: a table for eyes, keyboard and screen readers alike. Arrow keys or j and k go from row to row. */
import { html, useRef } from "../ui.js";

/**
 * @typedef {{key: string, label: string, number?: boolean, cell: (row: any) => any}} Column
 * @param {{label: string, columns: Column[], rows: any[], current?: string | null, open: (row: any) => void}} props
 */
export function DataTable({ label, columns, rows, current = null, open }) {
  const body = useRef(/** @type {HTMLTableSectionElement | null} */ (null));
  const entry = rows.some((row) => row.id === current) ? current : rows[0]?.id;
  return html`<div class="table"><table aria-label=${label}>
    <thead><tr>${columns.map((column) => html`<th key=${column.key} scope="col" class=${shape(column)}>${column.label}</th>`)}</tr></thead>
    <tbody ref=${body} onKeyDown=${(/** @type {KeyboardEvent} */ event) => step(event, body.current)}>
      ${rows.map((row) => {
        const enter = (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && event.target === event.currentTarget && open(row);
        return html`<tr key=${row.id} data-id=${row.id} tabindex=${row.id === entry ? 0 : -1} aria-current=${row.id === current ? "true" : undefined}
          onClick=${() => open(row)} onKeyDown=${enter}>
          ${columns.map((column) => html`<td key=${column.key} class=${shape(column)}>${column.cell(row)}</td>`)}
        </tr>`;
      })}
    </tbody>
  </table></div>`;
}

/** @param {Column} column */
const shape = (column) => (column.number ? "number" : undefined);

const STEPS = /** @type {Record<string, number>} */ ({ j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 });

/**
 * @param {KeyboardEvent} event
 * @param {HTMLTableSectionElement | null} body
 */
function step(event, body) {
  const by = STEPS[event.key];
  if (!by || !body || event.ctrlKey || event.metaKey || event.altKey) return;
  const rows = /** @type {HTMLTableRowElement[]} */ ([...body.rows]);
  const at = rows.indexOf(/** @type {HTMLTableRowElement} */ (document.activeElement?.closest("tr")));
  const next = rows[at + by];
  if (at < 0 || !next) return;
  event.preventDefault();
  next.focus();
}
