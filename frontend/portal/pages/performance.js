/** Where we stand: our figures against what was agreed, the orders behind them, and a way to object to one. */
import { ask, change } from "../../shared/api.js";
import { may, me } from "../../shared/auth.js";
import { EmptyState } from "../../shared/components/empty-state.js";
import { Failure, words } from "../../shared/components/failure.js";
import { Figures } from "../../shared/components/figures.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { tell } from "../../shared/components/toast.js";
import { t } from "../../shared/messages.js";
import { go, place } from "../../shared/router.js";
import { html, useEffect, useRef, useSignal } from "../../shared/ui.js";
import { FIGURE_ORDERS, OBJECT, PERFORMANCE } from "../operations.js";

export function Page() {
  const id = me.value?.partnerId;
  const performance = useSignal(/** @type {any} */ (null));
  const orders = useSignal(/** @type {any[] | null} */ (null));
  const problem = useSignal(/** @type {any} */ (null));
  const at = useSignal(12);
  const asked = useRef(0); // an answer to an earlier question comes too late
  const measure = place.value.query.get("measure");

  async function load() {
    problem.value = null;
    try {
      performance.value = (await ask(PERFORMANCE, { id })).partnerPerformance;
    } catch (failed) {
      problem.value = failed;
    }
  }
  async function behind() {
    const turn = ++asked.current;
    if (!measure || measure === "STOCK_AGE") return;
    try {
      const { partnerPerformanceOrders: read } = await ask(FIGURE_ORDERS, { id, measure });
      if (turn === asked.current) orders.value = read;
    } catch (failed) {
      if (turn === asked.current) problem.value = failed;
    }
  }
  useEffect(() => void (id && load()), [id]);
  useEffect(() => {
    orders.value = null;
    if (id) behind();
  }, [id, measure]);

  async function object(/** @type {any} */ row, /** @type {string} */ reason) {
    try {
      await change(OBJECT, { id: row.fulfillmentOrderId, measure, reason });
      tell(t("performance.objected", { number: row.number }));
    } catch (/** @type {any} */ refused) {
      tell(words(refused), { tone: "bad" });
    }
    await behind();
  }

  if (!id) return html`<${EmptyState} title=${t("performance.ofPartner")} text=${t("performance.ofPartnerText")} />`;
  const extra = { label: t("performance.objection"), cell: (/** @type {any} */ row, /** @type {boolean} */ bad) => html`<${Objection} row=${row} bad=${bad} object=${object} />` };
  return html`<div class="stack"><h1>${t("performance.title")}</h1>
    ${problem.value && html`<${Failure} problem=${problem.value} retry=${() => { load(); behind(); }} />`}
    ${performance.value
      ? html`<${Figures} performance=${performance.value} measure=${measure} at=${at.value} look=${(/** @type {number} */ next) => { at.value = next; }}
          orders=${orders.value} extra=${extra} file=${`/files/partners/${id}/performance.csv`}
          open=${(/** @type {any} */ row) => go(`/portal/orders?tab=all&order=${row.id}`)} />`
      : !problem.value && html`<${Skeleton} />`}
  </div>`;
}

/** @param {{row: any, bad: boolean, object: (row: any, reason: string) => void}} props */
function Objection({ row, bad, object }) {
  const open = useSignal(false);
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  useEffect(() => field.current?.focus(), [open.value]);
  if (row.objection) return html`<span>${t(`performance.state.${row.objection.state}`)}<br /><span class="muted">${row.objection.answer ?? row.objection.reason}</span></span>`;
  if (!bad || !may("fulfillment:write")) return "–"; // nobody objects to what counts for them
  if (!open.value) return html`<button type="button" class="button" aria-label=${`${t("performance.object")} ${row.number}`} onClick=${() => { open.value = true; }}>${t("performance.object")}</button>`;
  function submit(/** @type {SubmitEvent} */ event) {
    event.preventDefault();
    object(row, String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("reason")).trim());
  }
  return html`<form class="row" onSubmit=${submit} onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Escape" && (open.value = false)}>
    <input ref=${field} class="control" name="reason" required maxlength="500" aria-label=${`${t("performance.reason")} ${row.number}`} placeholder=${t("performance.reason")} />
    <button class="button">${t("performance.send")}</button></form>`;
}
