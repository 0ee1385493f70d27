/** Goods that are wrong, broken or missing: paid back or replaced, at once, or when the goods are here. */
import { ask, change } from "../../shared/api.js";
import { may } from "../../shared/auth.js";
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { KINDS as PHOTOS, sendPhotos } from "../../shared/components/photos.js";
import { tell } from "../../shared/components/toast.js";
import { t } from "../../shared/messages.js";
import { html, useRef, useSignal } from "../../shared/ui.js";
import { APPROVE_CLAIM, OPEN_CLAIM, PREVIEW_CLAIM } from "../operations/refunds.js";
import { useKey, usePreview } from "../previewing.js";
import { useSend } from "../sending.js";
import { begunWith, LinePick, piecesOf } from "./line-pick.js";
import { Due, Preview } from "./refund-preview.js";
import { namesOf } from "./return-form.js";

const KINDS = ["MISSING", "DAMAGED", "WRONG"];
const FAULTS = ["US", "PARTNER", "CARRIER"];
const REMEDIES = ["REFUND", "REPLACEMENT"];

/** `begin` is what the address says of the form. @param {{order: any, begin: any, changed: () => Promise<void>}} props */
export function ClaimForm({ order, begin, changed }) {
  const picked = useSignal(/** @type {Record<string, number>} */ (begin.lines));
  const kind = useSignal(begunWith(KINDS, begin.kind));
  const fault = useSignal(begunWith(FAULTS, begin.fault));
  const remedy = useSignal(begunWith(REMEDIES, begin.remedy));
  const back = useSignal(false);
  const advance = useSignal(false);
  const correct = useSignal(false);
  const lines = piecesOf(picked.value);
  const returnGoods = back.value && kind.value !== "MISSING";
  const input = lines.length ? { orderId: order.id, kind: kind.value, lines, returnGoods } : null;
  const preview = usePreview(input, async (given) => (await ask(PREVIEW_CLAIM, { input: given })).previewClaim);
  const replaced = remedy.value === "REPLACEMENT";
  const once = useKey([input, fault.value, correct.value, remedy.value, advance.value]);
  const sent = useRef("");
  const form = useForm(async (given) => {
    if (!input) return tell(t("refund.choose"), { tone: "bad" });
    if (preview.waiting.value) return tell(t("refund.wait"), { tone: "bad" });
    const note = String(given.get("note") ?? "");
    const { claim } = await change(OPEN_CLAIM, { input: { ...input, note, wished: remedy.value } }, { key: `${once.key}-open` });
    if (sent.current !== claim.id) await sendPhotos(`/files/claims/${claim.id}/photos`, /** @type {File[]} */ (given.getAll("photos")).filter((each) => each.size > 0));
    sent.current = claim.id; // a second try of the same claim has them already
    const decided = { id: claim.id, remedy: remedy.value, advance: replaced && returnGoods && advance.value, returnGoods, fault: fault.value, correctStock: correct.value && kind.value !== "DAMAGED" };
    try {
      await change(APPROVE_CLAIM, { input: decided }, { key: once.key });
    } catch (/** @type {any} */ refused) {
      await changed(); // the claim is noted and waits for somebody else
      throw refused;
    }
    once.done();
    picked.value = {};
    tell(returnGoods ? t("refund.claimed.back", { number: claim.number }) : replaced ? t("refund.claimed.replaced", { number: claim.number }) : t("refund.claimed.paid", { number: claim.number }));
    void changed();
  });
  const self = useSend();
  const choose = (/** @type {import("@preact/signals").Signal<string>} */ signal) => (/** @type {Event} */ event) => { signal.value = /** @type {HTMLSelectElement} */ (event.target).value; };
  const tick = (/** @type {import("@preact/signals").Signal<boolean>} */ signal, /** @type {string} */ label) => html`<label class="check"><input type="checkbox" checked=${signal.value} onChange=${() => { signal.value = !signal.value; }} /> ${label}</label>`;
  return html`<form ref=${self} class="sides" onSubmit=${form.submit}>
    <div class="stack"><${Summary} form=${form} />
      <${Field} name="kind" label=${t("refund.kind")} options=${KINDS.map((each) => [each, t(`refund.kind.${each}`)])} defaultValue=${kind.value} onChange=${choose(kind)} />
      <${Field} name="remedy" label=${t("refund.remedy")} options=${REMEDIES.map((each) => [each, t(`refund.remedy.${each}`)])} defaultValue=${remedy.value} onChange=${choose(remedy)} />
      <${LinePick} lines=${order.lines.filter((/** @type {any} */ line) => line.kind === "PHYSICAL")} picked=${picked} legend=${t("refund.which")} />
      <div class="row wrap">${kind.value !== "MISSING" && tick(back, t("refund.comesBack"))}${replaced && returnGoods && tick(advance, t("refund.advance"))}${kind.value !== "DAMAGED" && may("stock:write") && tick(correct, t(`refund.correct.${kind.value}`))}</div>
      <${Field} name="fault" label=${t("refund.fault")} options=${FAULTS.map((each) => [each, t(`refund.fault.${each}`)])} defaultValue=${fault.value} onChange=${choose(fault)} />
      <${Field} name="note" label=${t("refund.note")} maxlength="1000" />
      <${Field} name="photos" type="file" multiple accept=${PHOTOS} label=${t("refund.photos")} hint=${t("refund.photosHint")} /></div>
    <div class="stack"><${Preview} preview=${preview}>${preview.shown.value && replaced && html`<p>${!returnGoods ? t("refund.replacedAlone") : advance.value ? t("refund.replacedFirst") : t("refund.replacedAfter")}</p>`}
      ${preview.shown.value && !replaced && html`<${Due} due=${preview.shown.value} names=${namesOf(order)} text=${t(returnGoods ? "refund.returnText" : "refund.claimText")} />`}<//>
      <div class="row"><${Submit} form=${form}>${replaced ? t("refund.replace") : returnGoods ? t("refund.sendLabel") : t("refund.payBack")} <kbd>${t("shell.ctrl")} ⏎</kbd><//></div></div>
  </form>`;
}
