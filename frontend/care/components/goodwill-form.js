/** Goodwill: how much, in which form, for what; the preview says what it does and whether somebody has to approve it. */
import { digits, minor, typed } from "../../shared/amounts.js";
import { ask, change } from "../../shared/api.js";
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { tell } from "../../shared/components/toast.js";
import { money } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html, useSignal } from "../../shared/ui.js";
import { GRANT_GOODWILL, PREVIEW_GOODWILL, RECALL_GOODWILL } from "../operations/refunds.js";
import { useKey, useNote, usePreview } from "../previewing.js";
import { useSend } from "../sending.js";
import { Letters, NoteField } from "./customer-note.js";
import { begunWith } from "./line-pick.js";
import { PayWays, sharesOf } from "./pay-ways.js";
import { Preview } from "./refund-preview.js";

const FORMS = ["CREDIT", "REFUND", "VOUCHER"];
const REASONS = ["LATE", "DAMAGED", "WRONG_ITEM", "MISSING_ITEM", "QUALITY", "SERVICE", "PRICE", "LOYALTY", "OTHER"];
const USUAL = 10; // whole units

/** `begin` is what the address says of the form. @param {{order: any, begin: any, changed: () => Promise<void>}} props */
export function GoodwillForm({ order, begin, changed }) {
  const { currency } = order;
  const amount = useSignal(Math.min(USUAL * 10 ** digits(currency), order.total.amount));
  const kind = useSignal(FORMS[0]);
  const reason = useSignal(begunWith(REASONS, begin.reason));
  const own = useSignal(/** @type {Record<string, string> | null} */ (null)); // what goes over which payment; else the rule of the shop
  const note = useNote(`goodwill:${order.id}`);
  const chosen = kind.value === "VOUCHER" ? null : own.value;
  const shares = sharesOf(chosen, amount.value, currency);
  const asked = amount.value > 0 && (!chosen || shares) ? { orderId: order.id, form: kind.value, amount: { amount: amount.value, currency }, ...(shares && { shares }), ...note.asked } : null;
  const preview = usePreview(asked, async (input) => (await ask(PREVIEW_GOODWILL, { input })).previewGoodwill);
  const once = useKey([asked, reason.value]);
  const form = useForm(async (given) => {
    if (!asked) return tell(t(chosen ? "ways.open" : "goodwill.howMuch"), { tone: "bad" });
    if (preview.waiting.value) return tell(t("refund.wait"), { tone: "bad" });
    const input = { ...asked, reason: reason.value, note: String(given.get("note") ?? ""), token: preview.shown.value?.token };
    const key = once.key;
    try {
      const { goodwill } = await change(GRANT_GOODWILL, { input }, { key });
      once.done();
      note.forget();
      const undo = () => void recall(goodwill.id, changed);
      const granted = goodwill.state === "GRANTED";
      tell(t(granted ? "goodwill.granted" : "goodwill.asked", { amount: money(goodwill.amount) }), { undo });
    } catch (/** @type {any} */ refused) {
      if (refused.code === "PREVIEW_MOVED") preview.again();
      throw refused;
    }
    preview.again();
    void changed();
  });
  const self = useSend();
  const waits = preview.shown.value?.needsApproval;
  /** @param {Event} event */
  const type = (event) => { amount.value = minor(/** @type {HTMLInputElement} */ (event.target).value, currency) ?? 0; };
  const choose = (/** @type {import("@preact/signals").Signal<string>} */ signal) => (/** @type {Event} */ event) => { signal.value = /** @type {HTMLInputElement} */ (event.target).value; };
  return html`<form ref=${self} class="sides" onSubmit=${form.submit}>
    <div class="stack"><${Summary} form=${form} fields=${{ amount: t("goodwill.amount"), noteToCustomer: t("note.label") }} />
      <${Field} form=${form} name="amount" label=${t("goodwill.amount")} inputmode="decimal" autocomplete="off" defaultValue=${typed(amount.peek(), currency)} onInput=${type} hint=${hint(preview.shown.value, currency)} />
      <${Field} name="reason" label=${t("goodwill.reason")} options=${REASONS.map((each) => [each, t(`goodwill.reason.${each}`)])} defaultValue=${reason.value} onChange=${choose(reason)} />
      <fieldset><legend>${t("goodwill.form")}</legend>${FORMS.map((each) => html`<p key=${each}><label class="check"><input type="radio" name="form" value=${each} checked=${kind.value === each} onChange=${choose(kind)} /> <span>${t(`goodwill.form.${each}`)}<br /><span class="muted">${t(`goodwill.formText.${each}`)}</span></span></label></p>`)}</fieldset>
      ${kind.value !== "VOUCHER" && html`<${PayWays} order=${order} amount=${amount.value} chosen=${own} />`}
      <${Field} name="note" label=${t("goodwill.note")} maxlength="500" />
      <${NoteField} note=${note} prefix="" /></div>
    <div class="stack"><${Preview} preview=${preview}>${preview.shown.value && what(preview.shown.value, kind.value)}<//>
      <div class="row"><${Submit} form=${form}>${t(waits ? "goodwill.ask" : "goodwill.grant")} <kbd>${t("shell.ctrl")} ⏎</kbd><//></div></div>
  </form>`;
}

/** @param {any} shown @param {string} currency */
function hint(shown, currency) {
  if (!shown) return currency;
  return [t("goodwill.available", { amount: money(shown.available) }), shown.ownLimit && t("goodwill.limit", { amount: money(shown.ownLimit) })].filter(Boolean).join(" · ");
}

/** @param {any} shown @param {string} kind */
function what(shown, kind) {
  return html`<dl class="facts">
      ${shown.lines.map((/** @type {any} */ line, /** @type {number} */ at) => html`<dt key=${at}>${t("goodwill.lowered", { name: line.name })}</dt><dd class="number">${money(line.gross)}</dd>`)}
      ${shown.tax.amount > 0 && html`<dt>${t("goodwill.tax")}</dt><dd class="number">${money(shown.tax)}</dd>`}
      ${shown.shares.map((/** @type {any} */ share, /** @type {number} */ at) => html`<dt key=${`s${at}`}>${t("goodwill.to", { method: share.payment.label ?? t(`method.${share.payment.kind}`) })}</dt><dd class="number">${money(share.amount)}</dd>`)}
      <dt>${t("refund.sum")}</dt><dd class="number"><strong>${money(shown.amount)}</strong></dd></dl>
    <p>${t(`goodwill.says.${kind}`)}</p>
    <${Letters} messages=${shown.messages} />
    ${shown.needsApproval && html`<p class="notice warn">${t("goodwill.needsApproval")}</p>`}`;
}

/** @param {string} id @param {() => Promise<void>} changed */
async function recall(id, changed) {
  try {
    await change(RECALL_GOODWILL, { id });
    tell(t("goodwill.recalled"));
  } catch (/** @type {any} */ refused) {
    tell(refused.message || t("goodwill.tooLate"), { tone: "bad" });
  }
  await changed();
}
