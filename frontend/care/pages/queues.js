/** What needs somebody, the oldest first. */
import { ask } from "../../shared/api.js";
import { DataTable } from "../../shared/components/data-table.js";
import { EmptyState } from "../../shared/components/empty-state.js";
import { Failure } from "../../shared/components/failure.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { dateTime } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { go } from "../../shared/router.js";
import { html, useEffect, useSignal } from "../../shared/ui.js";
import { orderAddress } from "../addresses.js";
import { CASES } from "../operations.js";

export function Page() {
  const rows = useSignal(/** @type {any[] | null} */ (null));
  const problem = useSignal(/** @type {any} */ (null));

  async function load() {
    problem.value = null;
    try {
      rows.value = (await ask(CASES, { filter: { states: ["OPEN", "ASSIGNED", "WAITING"] }, after: null })).cases.nodes;
    } catch (failed) {
      problem.value = failed;
    }
  }
  useEffect(() => void load(), []);
  return html`<div class="stack"><h1>${t("queues.title")}</h1>
    ${problem.value ? html`<${Failure} problem=${problem.value} retry=${load} />` : list(rows.value)}</div>`;
}

/** @param {any[] | null} rows */
function list(rows) {
  if (!rows) return html`<${Skeleton} />`;
  if (!rows.length) return html`<${EmptyState} title=${t("queues.done")} text=${t("queues.doneText")} />`;
  return html`<${DataTable} label=${t("queues.title")} columns=${columns()} rows=${rows} open=${(/** @type {any} */ row) => row.orderId && go(orderAddress(row.orderId))} />`;
}

function columns() {
  return [
    { key: "kind", label: t("queues.kind"), head: true, cell: (/** @type {any} */ row) => t(`case.kind.${row.kind}`) },
    { key: "since", label: t("queues.since"), cell: (/** @type {any} */ row) => dateTime(row.createdAt) },
    { key: "due", label: t("queues.due"), cell: (/** @type {any} */ row) => dateTime(row.dueAt) || "–" },
  ];
}
