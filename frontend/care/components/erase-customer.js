/** Erase a person: what goes, what the law keeps, what is still in the way. This cannot be taken back, so it asks. */
import { ask, change } from "../../shared/api.js";
import { Dialog } from "../../shared/components/dialog.js";
import { Failure } from "../../shared/components/failure.js";
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { tell } from "../../shared/components/toast.js";
import { t } from "../../shared/messages.js";
import { html, useEffect, useSignal } from "../../shared/ui.js";
import { orderAddress } from "../addresses.js";
import { ERASE, ERASURE } from "../operations/customers.js";

/** @param {{customer: any, leave: () => void, done: () => Promise<void>}} props */
export function Erase({ customer, leave, done }) {
  const preview = useSignal(/** @type {any} */ (null));
  const problem = useSignal(/** @type {any} */ (null));
  async function load() {
    problem.value = null;
    try {
      preview.value = (await ask(ERASURE, { id: customer.id })).previewCustomerErasure;
    } catch (failed) {
      problem.value = failed;
    }
  }
  useEffect(() => void load(), []);
  const form = useForm(async (given) => {
    await change(ERASE, { id: customer.id, reason: given.get("reason") }, { again: true });
    await done();
    tell(t("erase.done"));
  });
  const it = preview.value;
  return html`<${Dialog} title=${t("erase.title", { name: customer.name })} leave=${leave}>
    ${problem.value ? html`<${Failure} problem=${problem.value} retry=${load} />` : it === null ? html`<${Skeleton} />` : it.blockers.length ? html`<${Blocked} rows=${it.blockers} />` : html`
      <${Parts} parts=${it.parts} />
      <form class="stack" onSubmit=${form.submit}><${Summary} form=${form} fields=${{ reason: t("erase.reason") }} />
        <p class="notice warn">${t("erase.final")}</p>
        <${Field} form=${form} name="reason" label=${t("erase.reason")} required maxlength="300" />
        <div class="row"><${Submit} form=${form}>${t("erase.confirm")}<//></div></form>`}<//>`;
}

/** @param {{rows: any[]}} props */
function Blocked({ rows }) {
  return html`<p class="notice warn">${t("erase.blocked")}</p>
    <ul class="plain">${rows.map((each) => html`<li key=${each.kind + each.orderNumber}>${t(`erase.open.${each.kind}`)} <a href=${orderAddress(each.orderNumber)}>${each.orderNumber}</a></li>`)}</ul>`;
}

/** @param {{parts: any[]}} props */
function Parts({ parts }) {
  const gone = parts.filter((part) => part.erased > 0);
  const kept = parts.filter((part) => part.kept > 0 && part.reason);
  const sum = (/** @type {any[]} */ rows, /** @type {string} */ name) => rows.reduce((total, row) => total + row[name], 0);
  const reasons = [...new Set(kept.map((part) => part.reason))];
  return html`<h3>${t("erase.goes", { count: sum(gone, "erased") })}</h3><p>${t("erase.goesText")}</p>
    <h3>${t("erase.stays")}</h3>
    ${reasons.length ? html`<ul class="plain">${reasons.map((reason) => html`<li key=${reason}>${t(`erase.kept.${reason}`, { count: sum(kept.filter((part) => part.reason === reason), "kept") })}</li>`)}</ul>` : html`<p>${t("erase.staysNothing")}</p>`}`;
}
