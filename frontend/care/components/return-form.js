/** Goods that come back: the label goes by mail, the money when they are here. */
import { ask, change } from "../../shared/api.js";
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { tell } from "../../shared/components/toast.js";
import { t } from "../../shared/messages.js";
import { html, useSignal } from "../../shared/ui.js";
import { PREVIEW_RETURN, REQUEST_RETURN } from "../operations/refunds.js";
import { useKey, usePreview } from "../previewing.js";
import { useSend } from "../sending.js";
import { begunWith, LinePick, piecesOf } from "./line-pick.js";
import { Due, Preview } from "./refund-preview.js";

const REASONS = ["CHANGED_MIND", "TOO_LARGE", "TOO_SMALL", "NOT_AS_DESCRIBED", "LATE", "OTHER"];

/** `begin` is what the address says of the form. @param {{order: any, begin: any, changed: () => Promise<void>}} props */
export function ReturnForm({ order, begin, changed }) {
  const picked = useSignal(/** @type {Record<string, number>} */ (begin.lines));
  const reason = useSignal(begunWith(REASONS, begin.reason));
  const lines = piecesOf(picked.value).map((each) => ({ ...each, reason: reason.value }));
  const wanted = lines.length ? { orderId: order.id, lines } : null;
  const preview = usePreview(wanted, async (given) => (await ask(PREVIEW_RETURN, given)).previewReturn);
  const once = useKey(wanted);
  const form = useForm(async () => {
    if (!wanted) return tell(t("refund.choose"), { tone: "bad" });
    if (preview.waiting.value) return tell(t("refund.wait"), { tone: "bad" });
    const made = (await change(REQUEST_RETURN, wanted, { key: once.key })).return;
    once.done();
    picked.value = {};
    const numbers = [made, ...made.announcedWith].map((/** @type {{number: string}} */ each) => each.number);
    const parted = numbers.length > 1;
    tell(t(parted ? "refund.returnedInParts" : "refund.returned", { number: numbers.join(", ") }));
    void changed();
  });
  const self = useSend();
  return html`<form ref=${self} class="sides" onSubmit=${form.submit}>
    <div class="stack"><${Summary} form=${form} />
      <${LinePick} lines=${order.lines} picked=${picked} legend=${t("refund.which")} />
      <${Field} name="reason" label=${t("refund.reason")} options=${REASONS.map((each) => [each, t(`refund.reason.${each}`)])} defaultValue=${reason.value}
        onChange=${(/** @type {Event} */ event) => { reason.value = /** @type {HTMLSelectElement} */ (event.target).value; }} /></div>
    <div class="stack"><${Preview} preview=${preview}>${preview.shown.value && html`<${Due} due=${preview.shown.value} names=${namesOf(order)} text=${t("refund.returnText")} />`}<//>
      <div class="row"><${Submit} form=${form}>${t("refund.sendLabel")} <kbd>${t("shell.ctrl")} ⏎</kbd><//></div></div>
  </form>`;
}

/** Names of an order's lines. @param {any} order @returns {Record<string, string>} */
export const namesOf = (order) => Object.fromEntries(order.lines.map((/** @type {any} */ line) => [line.id, line.name]));
