/** Days on which no order is offered: a week is closed by two dates. */
import { change } from "../../shared/api.js";
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { tell } from "../../shared/components/toast.js";
import { date } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";
import { CLOSE_PLACE, OWN_COMPANY, REOPEN_PLACE } from "../operations.js";
import { useReading } from "./reading.js";

export function Part() {
  const { found, instead } = useReading(OWN_COMPANY, "partnership");
  if (instead) return instead;

  /** @param {any} place @param {{from: string, until: string}} days */
  async function reopen(place, days) {
    found.value = (await change(REOPEN_PLACE, { id: place.id, ...days }, { again: true })).partnership;
    tell(t("closures.opened"), { undo: () => void close(place, days) });
  }
  /** @param {any} place @param {{from: string, until: string}} days */
  async function close(place, days) {
    found.value = (await change(CLOSE_PLACE, { id: place.id, ...days }, { again: true })).partnership;
    tell(t("closures.closed", { from: date(days.from), until: date(days.until) }), { undo: () => void reopen(place, days) });
  }
  return html`<div class="stack"><p>${t("closures.what")}</p>
    ${!found.value.places.length && html`<p>${t("places.noneText")}</p>`}
    ${found.value.places.map((/** @type {any} */ place) => html`<section key=${place.id} class="part" aria-label=${place.name}>
      <h2>${place.name}</h2>
      ${place.closures.length ? html`<ul role="list" class="lines">${place.closures.map((/** @type {any} */ each) => html`<li key=${each.from}>
        <span>${date(each.from)} – ${date(each.until)}</span>
        <button type="button" class="button" aria-label=${t("closures.openLabel", { from: date(each.from), until: date(each.until) })} onClick=${() => reopen(place, each)}>${t("closures.open")}</button></li>`)}</ul>` : html`<p class="muted">${t("closures.none")}</p>`}
      <${CloseForm} place=${place} close=${close} />
    </section>`)}
  </div>`;
}

/** @param {{place: any, close: (place: any, days: {from: string, until: string}) => Promise<void>}} props */
function CloseForm({ place, close }) {
  const prefix = `${place.id}-`;
  const form = useForm(async (given, form) => {
    await close(place, { from: String(given.get("from")), until: String(given.get("until")) });
    form.reset();
  });
  const labels = { from: t("closures.from"), until: t("closures.until") };
  return html`<form class="stack" onSubmit=${form.submit}>
    <${Summary} form=${form} fields=${labels} prefix=${prefix} />
    <div class="row">
      <${Field} form=${form} prefix=${prefix} name="from" label=${labels.from} type="date" required />
      <${Field} form=${form} prefix=${prefix} name="until" label=${labels.until} type="date" required />
    </div>
    <div class="row"><${Submit} form=${form}>${t("closures.do")}<//></div>
  </form>`;
}
