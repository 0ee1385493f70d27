/** Money trouble of an order: what is open, what the customer is reminded of next, what a bank took back. */
import { ask } from "../../shared/api.js";
import { EmptyState } from "../../shared/components/empty-state.js";
import { Failure } from "../../shared/components/failure.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { language, t } from "../../shared/messages.js";
import { html, useEffect, useSignal } from "../../shared/ui.js";
import { byKey } from "../addresses.js";
import { DisputeBox } from "../components/dispute-box.js";
import { OrderHead } from "../components/order-head.js";
import { OwedInvoice } from "../components/owed-invoice.js";
import { OWED, OWED_ORDER } from "../operations/owed.js";
import { useTitle } from "../titles.js";

/** @param {{order: string}} props */
export function Page({ order: key }) {
  const order = useSignal(/** @type {any} */ (undefined));
  const found = useSignal(/** @type {any} */ (null));
  const problem = useSignal(/** @type {any} */ (null));

  async function load() {
    problem.value = null;
    try {
      order.value = (await ask(OWED_ORDER, byKey(key))).order;
      if (order.value) found.value = await ask(OWED, { id: order.value.id, language: language.value.toUpperCase() });
    } catch (failed) {
      problem.value = failed;
    }
  }
  useEffect(() => void load(), []);
  useTitle(order.value && t("trouble.title", { number: order.value.number }));
  if (problem.value) return html`<${Failure} problem=${problem.value} retry=${load} />`;
  if (order.value === undefined || (order.value && !found.value)) return html`<${Skeleton} />`;
  if (order.value === null) return html`<${EmptyState} title=${t("order.unknown")} text=${t("order.unknownText", { key })}><a class="button" href="/care">${t("page.home")}</a><//>`;
  const invoices = found.value.owedInvoices;
  const disputes = found.value.disputes.nodes;
  return html`<div class="stack"><${OrderHead} order=${order.value} />
    ${!invoices.length && !disputes.length && html`<${EmptyState} title=${t("trouble.settled")} text=${t("trouble.settledText")} />`}
    ${disputes.map((/** @type {any} */ each) => html`<${DisputeBox} key=${each.id} dispute=${each} changed=${load} />`)}
    ${invoices.map((/** @type {any} */ each) => html`<${OwedInvoice} key=${each.id} invoice=${each} changed=${load} />`)}
  </div>`;
}
