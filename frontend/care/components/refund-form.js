/** Money back for nothing that comes back: what was paid too much, or a fee such as shipping, with its tax. */
import { minor, typed } from "../../shared/amounts.js";
import { ask, change } from "../../shared/api.js";
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { tell } from "../../shared/components/toast.js";
import { money } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html, useRef, useSignal } from "../../shared/ui.js";
import { ISSUE_REFUND, PREVIEW_REFUND, RECALL_REFUND } from "../operations/refunds.js";
import { useKeyOf, useNote, usePreview } from "../previewing.js";
import { useSend } from "../sending.js";
import { Letters, NoteField } from "./customer-note.js";
import { PayWays, sharesOf } from "./pay-ways.js";
import { Preview } from "./refund-preview.js";

const TOO_MUCH = "";

/** What may still be given back of a charge, minor units. @param {any} charge */
const leftOf = (charge) => charge.gross.amount - charge.refunded.amount;

/** Charges of which something can be given back. @param {any} order @returns {any[]} */
export const chargesOf = (order) => order.charges.filter((/** @type {any} */ each) => each.charged && each.kind !== "LOST_DISCOUNT" && leftOf(each) > 0);

/** @param {{order: any, changed: () => Promise<void>}} props */
export function RefundForm({ order, changed }) {
  const { currency } = order;
  const charges = chargesOf(order);
  const amount = useSignal(0);
  const what = useSignal(TOO_MUCH);
  const own = useSignal(/** @type {Record<string, string> | null} */ (null)); // what goes over which payment; else the rule of the shop
  const field = useRef(/** @type {HTMLElement | null} */ (null));
  const note = useNote(`refund:${order.id}`);
  const shares = sharesOf(own.value, amount.value, currency);
  const asked = amount.value > 0 && (!own.value || shares)
    ? { orderId: order.id, amount: { amount: amount.value, currency }, ...(what.value && { chargeId: what.value }), ...(shares && { shares }), ...note.asked } : null;
  const preview = usePreview(asked, async (given) => (await ask(PREVIEW_REFUND, given)).previewRefund);
  const once = useKeyOf();
  const form = useForm(async (given, box) => {
    if (!asked) return tell(t(own.value ? "ways.open" : "goodwill.howMuch"), { tone: "bad" });
    if (preview.waiting.value) return tell(t("refund.wait"), { tone: "bad" });
    const input = { ...asked, kind: "CORRECTION", reason: String(given.get("reason") ?? "") };
    const { refund } = await change(ISSUE_REFUND, { input }, { key: once.of(input) });
    once.done();
    note.forget();
    const waits = refund.state === "AWAITING_APPROVAL";
    tell(t(waits ? "refundOnly.asked" : "refundOnly.given", { amount: money(refund.amount) }), { undo: () => void recall(refund.id, changed) });
    box.reset();
    choose(TOO_MUCH);
    await changed();
  });
  const self = useSend();
  /** @param {string} id */
  function choose(id) {
    const charge = charges.find((each) => each.id === id);
    what.value = id;
    own.value = null;
    amount.value = charge ? leftOf(charge) : 0;
    const box = /** @type {HTMLInputElement | null | undefined} */ (field.current?.querySelector("input"));
    if (box) box.value = charge ? typed(amount.value, currency) : "";
  }
  const pick = (/** @type {Event} */ event) => choose(/** @type {HTMLSelectElement} */ (event.target).value);
  const type = (/** @type {Event} */ event) => { amount.value = minor(/** @type {HTMLInputElement} */ (event.target).value, currency) ?? 0; };
  const options = [[TOO_MUCH, t("refundOnly.tooMuch")], ...charges.map((each) => [each.id, t("refundOnly.charge", { name: each.name, amount: money({ amount: leftOf(each), currency }) })])];
  return html`<form ref=${self} class="sides" onSubmit=${form.submit}>
    <div class="stack"><${Summary} form=${form} fields=${{ amount: t("goodwill.amount"), reason: t("refundOnly.reason"), chargeId: t("refundOnly.what"), noteToCustomer: t("note.label") }} />
      <${Field} form=${form} name="chargeId" label=${t("refundOnly.what")} options=${options} defaultValue=${TOO_MUCH} onChange=${pick} hint=${t(what.value ? "refundOnly.chargeText" : "refundOnly.tooMuchText")} />
      <div ref=${field}><${Field} form=${form} name="amount" label=${t("goodwill.amount")} inputmode="decimal" autocomplete="off" required onInput=${type}
        hint=${preview.shown.value ? t("goodwill.available", { amount: money(preview.shown.value.refundable) }) : currency} /></div>
      <${PayWays} order=${order} amount=${amount.value} chosen=${own} />
      <${Field} form=${form} name="reason" label=${t("refundOnly.reason")} required maxlength="500" hint=${t("refundOnly.reasonText")} />
      <${NoteField} note=${note} prefix="" /></div>
    <div class="stack"><${Preview} preview=${preview}>${preview.shown.value && ways(preview.shown.value)}<//>
      <div class="row"><${Submit} form=${form}>${preview.shown.value?.needsApproval ? t("goodwill.ask") : t("refundOnly.do")} <kbd>${t("shell.ctrl")} ⏎</kbd><//></div></div>
  </form>`;
}

/** @param {any} shown */
function ways(shown) {
  return html`<dl class="facts">
      ${shown.shares.map((/** @type {any} */ share) => html`<dt key=${share.payment.id}>${t("goodwill.to", { method: share.payment.label ?? t(`method.${share.payment.kind}`) })}</dt>
        <dd class="number">${money(share.amount)}${share.credited.amount > 0 && html`<br /><span class="muted">${t("refundOnly.credited", { amount: money(share.credited) })}</span>`}</dd>`)}
      <dt>${t("refund.sum")}</dt><dd class="number"><strong>${money(shown.amount)}</strong></dd></dl>
    <${Letters} messages=${shown.messages} />
    <p class="muted">${t("refundOnly.recall")}</p>
    ${shown.needsApproval && html`<p class="notice warn">${t("goodwill.needsApproval")}</p>`}`;
}

/** @param {string} id @param {() => Promise<void>} changed */
async function recall(id, changed) {
  try {
    await change(RECALL_REFUND, { id });
    tell(t("goodwill.recalled"));
  } catch (/** @type {any} */ refused) {
    tell(refused.message || t("goodwill.tooLate"), { tone: "bad" });
  }
  await changed();
}
