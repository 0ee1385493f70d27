/** Goods that came back unopened go out again, to another address where it was wrong. */
import { ask, change } from "../../shared/api.js";
import { may } from "../../shared/auth.js";
import { Dialog } from "../../shared/components/dialog.js";
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { tell } from "../../shared/components/toast.js";
import { t } from "../../shared/messages.js";
import { html, useSignal } from "../../shared/ui.js";
import { ADDRESS_PARTS, addressOf } from "../change-wish.js";
import { APPROVE_CLAIM, OPEN_CLAIM, PREVIEW_CLAIM } from "../operations/refunds.js";
import { useKey, usePreview } from "../previewing.js";
import { Preview } from "./refund-preview.js";

const FAULTS = ["US", "CARRIER"];
const NEEDED = ["name", "street", "postalCode", "city", "country"];

/** `goods` are the pieces by line. @param {{order: any, goods: Record<string, number>, leave: () => void, changed: () => Promise<unknown>}} props */
export function SendAgain({ order, goods, leave, changed }) {
  const before = addressOf(order);
  const address = useSignal(before);
  const fault = useSignal(FAULTS[0]);
  const correct = useSignal(false);
  const lines = Object.entries(goods).map(([orderLineId, quantity]) => ({ orderLineId, quantity }));
  const claim = { orderId: order.id, kind: "MISSING", lines, returnGoods: false };
  const elsewhere = ADDRESS_PARTS.some((part) => address.value[part].trim() !== before[part]);
  const preview = usePreview(claim, async (given) => (await ask(PREVIEW_CLAIM, { input: given })).previewClaim);
  const opening = useKey(claim);
  const shippingAddress = elsewhere ? Object.fromEntries(ADDRESS_PARTS.filter((part) => address.value[part].trim()).map((part) => [part, address.value[part].trim()])) : null;
  const verdict = { remedy: "REPLACEMENT", advance: false, returnGoods: false, fault: fault.value, correctStock: correct.value, shippingAddress };
  const once = useKey([claim, verdict]);
  const form = useForm(async () => {
    const opened = (await change(OPEN_CLAIM, { input: { ...claim, note: t("sendAgain.note"), wished: "REPLACEMENT" } }, { key: opening.key })).claim;
    await change(APPROVE_CLAIM, { input: { id: opened.id, ...verdict } }, { key: once.key });
    void changed();
    tell(t(elsewhere ? "sendAgain.doneElsewhere" : "sendAgain.done", { number: opened.number }));
    leave();
  });
  return html`<${Dialog} title=${t("sendAgain.title")} leave=${leave}><form class="stack" onSubmit=${form.submit}>
    <${Summary} form=${form} />
    <fieldset class="address"><legend>${t("sendAgain.address")}</legend>${ADDRESS_PARTS.map((part) => html`<div key=${part} class="field"><label for=${`again-${part}`}>${t(`change.address.${part}`)}</label>
      <input id=${`again-${part}`} autocomplete="off" required=${NEEDED.includes(part)} maxlength=${part === "country" ? 2 : 200} value=${address.value[part]}
        onInput=${(/** @type {Event} */ event) => { address.value = { ...address.value, [part]: /** @type {HTMLInputElement} */ (event.target).value }; }} /></div>`)}</fieldset>
    <${Field} name="fault" prefix="again-" label=${t("refund.fault")} options=${FAULTS.map((each) => [each, t(`refund.fault.${each}`)])} defaultValue=${fault.value}
      onChange=${(/** @type {Event} */ event) => { fault.value = /** @type {HTMLSelectElement} */ (event.target).value; }} />
    ${may("stock:write") ? html`<label class="check"><input type="checkbox" checked=${correct.value} onChange=${() => { correct.value = !correct.value; }} /> ${t("sendAgain.count")}</label>` : html`<p class="muted">${t("sendAgain.placeCounts")}</p>`}
    <${Preview} preview=${preview}><ul role="list">${lines.map((each) => html`<li key=${each.orderLineId}>${each.quantity} × ${order.lines.find((/** @type {any} */ line) => line.id === each.orderLineId)?.name}</li>`)}</ul>
      <p>${t("refund.replacedAlone")} ${elsewhere && t("sendAgain.elsewhere")}</p><//>
    <div class="row"><${Submit} form=${form}>${t("refund.replace")}<//></div></form><//>`;
}
