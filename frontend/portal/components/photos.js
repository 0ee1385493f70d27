/** Photos of what came back: taken with the device or chosen from it. */
import { call } from "../../shared/api.js";
import { words } from "../../shared/components/failure.js";
import { tell } from "../../shared/components/toast.js";
import { t } from "../../shared/messages.js";
import { html, useSignal } from "../../shared/ui.js";

/** @param {{id: string, photos: any[], changed: () => Promise<void>}} props */
export function Photos({ id, photos, changed }) {
  const busy = useSignal(false);

  async function add(/** @type {Event} */ event) {
    const field = /** @type {HTMLInputElement} */ (event.target);
    busy.value = true;
    for (const file of field.files ?? []) {
      try {
        await call(`/files/returns/${id}/photos`, { method: "POST", body: file, headers: { "content-type": file.type } });
      } catch (/** @type {any} */ refused) {
        tell(`${file.name}: ${words(refused)}`, { tone: "bad" });
      }
    }
    field.value = "";
    await changed();
    busy.value = false;
  }

  return html`<div class="row photos">${photos.map((each, at) => html`<a key=${each.id} href=${each.address} target="_blank" rel="noreferrer">
      <img src=${each.address} alt=${t("return.photo", { number: at + 1 })} /></a>`)}
    <label class="button"><input class="unseen" type="file" accept="image/jpeg,image/png" multiple onChange=${add} />${t(busy.value ? "return.photoBusy" : "return.addPhoto")}</label></div>`;
}
