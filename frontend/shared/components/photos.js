/** Photos of something: looked at, and added, taken with the device or chosen from it. */
import { call } from "../api.js";
import { t } from "../messages.js";
import { html, useSignal } from "../ui.js";
import { words } from "./failure.js";
import { tell } from "./toast.js";

export const KINDS = "image/jpeg,image/png";

/**
 * Send photos one after the other; those that were refused are told by name. Whether all were taken.
 * @param {string} address
 * @param {Iterable<File>} files
 */
export async function sendPhotos(address, files) {
  let all = true;
  for (const file of files) {
    try {
      await call(address, { method: "POST", body: file, headers: { "content-type": file.type } });
    } catch (/** @type {any} */ refused) {
      all = false;
      tell(`${file.name}: ${words(refused)}`, { tone: "bad" });
    }
  }
  return all;
}

/**
 * `address` is where photos go; without it none can be added. `of` names what they show.
 * @param {{address: string | null, photos: any[], of?: string, changed: () => Promise<void>}} props
 */
export function Photos({ address, photos, of, changed }) {
  const busy = useSignal(false);

  async function add(/** @type {Event} */ event) {
    const field = /** @type {HTMLInputElement} */ (event.target);
    busy.value = true;
    await sendPhotos(address ?? "", field.files ?? []);
    field.value = "";
    await changed();
    busy.value = false;
  }

  if (!address && !photos.length) return null;
  return html`<div class="row photos">${photos.map((each, at) => html`<a key=${each.id} href=${each.address} target="_blank" rel="noreferrer">
      <img src=${each.address} alt=${of ? t("photo.of", { number: at + 1, of }) : t("photo.nth", { number: at + 1 })} /></a>`)}
    ${address && html`<label class="button small"><input class="unseen" type="file" accept=${KINDS} multiple onChange=${add} />${t(busy.value ? "photo.busy" : "photo.add")}</label>`}</div>`;
}
