/** Money that could not go back: tried again, or paid by transfer to an account of the customer. */
import { change, Refused } from "../../shared/api.js";
import { may } from "../../shared/auth.js";
import { Dialog } from "../../shared/components/dialog.js";
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { tell } from "../../shared/components/toast.js";
import { money } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html, useSignal } from "../../shared/ui.js";
import { useActing } from "../acting.js";
import { compact, isIban } from "../iban.js";
import { PAY_BY_TRANSFER, RETRY_REFUND } from "../operations/refunds.js";
import { useKey } from "../previewing.js";

/** Refunds of an order that have failed. @param {any} order */
export const failedOf = ({ refunds }) => refunds.filter((/** @type {any} */ each) => each.state === "FAILED");

/** `order` has its refunds and who it is billed to. @param {{order: any, changed: () => Promise<unknown>}} props */
export function FailedRefunds({ order, changed }) {
  const paying = useSignal(/** @type {any} */ (null));
  const { act, busy } = useActing(changed);
  const failed = failedOf(order);
  const once = useKey(failed.map((/** @type {any} */ each) => [each.id, each.error]));
  const again = (/** @type {any} */ refund) => () => act(async () => {
    await change(RETRY_REFUND, { id: refund.id }, { key: `${once.key}-${refund.id}` });
    once.done();
    tell(t("refundFailed.tried"));
  });
  return html`<ul role="list" class="stack">${failed.map((/** @type {any} */ each) => html`<li key=${each.id} class="notice bad stack close">
      <p><strong>${t("refundFailed.title", { amount: money(each.amount) })}</strong> ${each.error ?? ""}</p>
      <div class="row wrap">${may("refunds:write") && html`<button type="button" class="button" aria-disabled=${busy.value} onClick=${again(each)}>${t("refundFailed.again")}</button>`}
        ${may("refunds:approve") ? html`<button type="button" class="button" onClick=${() => { paying.value = each; }}>${t("refundFailed.transfer")}</button>` : html`<span class="muted">${t("refundFailed.lead")}</span>`}</div>
    </li>`)}
    ${paying.value && html`<${Transfer} refund=${paying.value} name=${order.billingAddress?.name ?? ""} leave=${() => { paying.value = null; }} changed=${changed} />`}</ul>`;
}

/** @param {{refund: any, name: string, leave: () => void, changed: () => Promise<unknown>}} props */
function Transfer({ refund, name, leave, changed }) {
  const typed = useSignal("");
  const wrong = typed.value.length > 4 && !isIban(typed.value);
  const once = useKey([refund.id, compact(typed.value)]);
  const form = useForm(async (given) => {
    const iban = compact(String(given.get("iban")));
    if (!isIban(iban)) throw new Refused({ code: "INVALID_IBAN", message: t("refundFailed.wrongIban"), path: ["iban"] });
    await change(PAY_BY_TRANSFER, { id: refund.id, name: String(given.get("name")).trim(), iban }, { key: once.key });
    tell(t("refundFailed.transferred", { amount: money(refund.amount) }));
    leave();
    await changed();
  });
  return html`<${Dialog} title=${t("refundFailed.transfer")} leave=${leave}><form class="stack" onSubmit=${form.submit}>
    <p>${t("refundFailed.text", { amount: money(refund.amount) })}</p>
    <${Summary} form=${form} fields=${{ name: t("refundFailed.name"), iban: t("refundFailed.iban") }} prefix="transfer-" />
    <${Field} form=${form} name="name" prefix="transfer-" label=${t("refundFailed.name")} required maxlength="140" autocomplete="off" defaultValue=${name} />
    <${Field} form=${form} name="iban" prefix="transfer-" label=${t("refundFailed.iban")} required maxlength="42" autocomplete="off" spellcheck="false"
      hint=${wrong ? t("refundFailed.notYet") : t("refundFailed.hint")} onInput=${(/** @type {Event} */ event) => { typed.value = /** @type {HTMLInputElement} */ (event.target).value; }} />
    <div class="row"><${Submit} form=${form}>${t("refundFailed.pay")}<//></div></form><//>`;
}
