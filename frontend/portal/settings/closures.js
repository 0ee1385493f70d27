/** Days on which no order is offered: a week is closed by two dates. */
import { change } from "../../shared/api.js";
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { tell } from "../../shared/components/toast.js";
import { date } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";
import { attempt } from "../answering.js";
import { CLOSE_PLACE, OWN_COMPANY, REOPEN_PLACE } from "../operations.js";
import { useReading } from "./reading.js";

/** @typedef {{from: string, until: string}} Days */

/** Today where the person is, as 2026-11-23. */
const today = () => new Intl.DateTimeFormat("sv").format(new Date());

export function Part() {
  const { found, instead } = useReading(OWN_COMPANY, "partnership");
  if (instead) return instead;

  /** @param {any} place @param {Days[]} ranges */
  async function reopen(place, ranges) {
    for (const days of ranges) found.value = (await change(REOPEN_PLACE, { id: place.id, ...days }, { again: true })).partnership;
    // What has passed cannot be closed again, and nobody needs it.
    const ahead = ranges.filter(({ until }) => until >= today()).map(({ from, until }) => ({ from: from < today() ? today() : from, until }));
    tell(t("closures.opened"), ahead.length ? { undo: () => void attempt(() => closeAgain(place, ahead)) } : {});
  }
  /** @param {any} place @param {Days[]} ranges */
  async function closeAgain(place, ranges) {
    for (const days of ranges) await close(place, days);
  }
  /** Undoing it opens what was open before, and leaves closed what was closed. @param {any} place @param {Days} days */
  async function close(place, days) {
    const { partnership, newlyClosed } = await change(CLOSE_PLACE, { id: place.id, ...days }, { again: true });
    found.value = partnership;
    tell(t("closures.closed", { from: date(days.from), until: date(days.until) }), newlyClosed.length ? { undo: () => void attempt(() => reopen(place, newlyClosed)) } : {});
  }
  return html`<div class="stack"><p>${t("closures.what")}</p>
    ${!found.value.places.length && html`<p>${t("places.noneText")}</p>`}
    ${found.value.places.map((/** @type {any} */ place) => html`<section key=${place.id} class="part" aria-label=${place.name}>
      <h2>${place.name}</h2>
      ${place.closures.length ? html`<ul role="list" class="lines">${place.closures.map((/** @type {any} */ each) => html`<li key=${each.from}>
        <span>${date(each.from)} – ${date(each.until)}</span>
        <button type="button" class="button" aria-label=${t("closures.openLabel", { from: date(each.from), until: date(each.until) })} onClick=${() => attempt(() => reopen(place, [{ from: each.from, until: each.until }]))}>${t("closures.open")}</button></li>`)}</ul>` : html`<p class="muted">${t("closures.none")}</p>`}
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
