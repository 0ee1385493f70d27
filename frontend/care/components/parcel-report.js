/** What somebody knows of a parcel whose carrier tells nothing: stuck, moving again, lost, or back with us. */
import { change } from "../../shared/api.js";
import { Dialog } from "../../shared/components/dialog.js";
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { tell } from "../../shared/components/toast.js";
import { t } from "../../shared/messages.js";
import { html, useSignal } from "../../shared/ui.js";
import { REPORT_PARCEL } from "../operations/order.js";
import { useKeyOf } from "../previewing.js";

/** What can be news of a parcel, by its state. @type {Record<string, string[]>} */
const NEWS = { IN_TRANSIT: ["EXCEPTION", "LOST", "RETURNED"], EXCEPTION: ["IN_TRANSIT", "LOST", "RETURNED"], LOST: ["RETURNED"] };

/** @param {{parcel: any, changed: () => Promise<unknown>}} props */
export function ParcelReport({ parcel, changed }) {
  const open = useSignal(false);
  const number = parcel.trackingNumber ?? "";
  return html`<button type="button" class="button small push" aria-label=${t("parcelNews.reportOne", { number })} onClick=${() => { open.value = true; }}>${t("parcelNews.report")}</button>
    ${open.value && html`<${Report} parcel=${parcel} leave=${() => { open.value = false; }} changed=${changed} />`}`;
}

/** @param {{parcel: any, leave: () => void, changed: () => Promise<unknown>}} props */
function Report({ parcel, leave, changed }) {
  const choices = NEWS[parcel.state] ?? [];
  const state = useSignal(choices[0]);
  const once = useKeyOf();
  const form = useForm(async (given) => {
    const input = { id: parcel.id, state: state.value, reason: String(given.get("reason")).trim() };
    await change(REPORT_PARCEL, input, { key: once.of([parcel.state, input]) });
    tell(t("parcelNews.noted"));
    leave();
    await changed();
  });
  return html`<${Dialog} title=${t("parcelNews.reportOne", { number: parcel.trackingNumber ?? "" })} leave=${leave}><form class="stack" onSubmit=${form.submit}>
    <${Summary} form=${form} fields=${{ reason: t("parcelNews.reason") }} prefix="parcel-" />
    <${Field} form=${form} name="state" prefix="parcel-" label=${t("parcelNews.what")} options=${choices.map((each) => [each, t(`parcelNews.${each}`)])} defaultValue=${state.value}
      onChange=${(/** @type {Event} */ event) => { state.value = /** @type {HTMLSelectElement} */ (event.target).value; }} />
    <p>${t(`parcelNews.says.${state.value}`)}</p>
    <${Field} form=${form} name="reason" prefix="parcel-" label=${t("parcelNews.reason")} required maxlength="500" hint=${t("parcelNews.hint")} />
    <div class="row"><${Submit} form=${form}>${t("parcelNews.do")}<//></div></form><//>`;
}
