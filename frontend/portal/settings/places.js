/** The addresses goods leave from, and when work is done there. */
import { change } from "../../shared/api.js";
import { EmptyState } from "../../shared/components/empty-state.js";
import { tell } from "../../shared/components/toast.js";
import { t } from "../../shared/messages.js";
import { html, useSignal } from "../../shared/ui.js";
import { PlaceForm } from "../components/place-form.js";
import { OWN_COMPANY, SAVE_PLACE } from "../operations.js";
import { useReading } from "./reading.js";

export function Part() {
  const { found, instead } = useReading(OWN_COMPANY, "partnership");
  const adding = useSignal(false);
  if (instead) return instead;
  const { places, country } = found.value;

  /** @param {string | null} id @param {Record<string, any>} input */
  async function save(id, input) {
    found.value = (await change(SAVE_PLACE, { id, input })).partnership;
    adding.value = false;
    tell(t("settings.saved"));
  }
  return html`<div class="stack">
    ${!places.length && !adding.value && html`<${EmptyState} title=${t("places.none")} text=${t("places.noneText")} />`}
    ${places.map((/** @type {any} */ place) => html`<section key=${place.id} class="part" aria-label=${place.name}>
      <h2>${place.name} <span class="muted">${place.code}</span></h2>
      <p class="muted">${t("places.zone", { zone: place.timezone })}</p>
      <${PlaceForm} id=${place.id} place=${place} label=${t("settings.save")} save=${(/** @type {any} */ input) => save(place.id, input)} />
    </section>`)}
    ${adding.value ? html`<section class="part" aria-label=${t("places.add")}><h2>${t("places.add")}</h2>
      <${PlaceForm} id="new" guess=${{ country }} label=${t("places.do")} save=${(/** @type {any} */ input) => save(null, input)} /></section>` : html`<p><button type="button" class="button" onClick=${() => { adding.value = true; }}>${t("places.add")}</button></p>`}
  </div>`;
}
