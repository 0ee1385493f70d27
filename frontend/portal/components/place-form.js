/** An address goods leave from and when work is done there: the usual week as boxes, any other as its text. */
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { forget, useDraft } from "../../shared/drafts.js";
import { country as countryName } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";
import { DAYS, hoursOf, weekOf } from "./hours.js";

const COUNTRIES = ["AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK"];
const TEXTS = ["name", "street", "postalCode", "city", "country", "cutOff"];

/**
 * `save` takes what the API takes; `guess` is what a place starts with that is not there yet.
 * @param {{place?: any, guess?: Record<string, any>, id: string, label: string, children?: any,
 *   save: (input: Record<string, any>, given: FormData) => Promise<void>}} props
 */
export function PlaceForm({ place, guess = {}, id, label, save, children }) {
  const draft = useDraft(`place:${id}`);
  const known = place ?? { openingHours: "Mo-Fr 08:00-17:00", cutOff: "12:00", ...guess };
  const week = weekOf(known.openingHours);
  const form = useForm(async (given) => {
    const input = Object.fromEntries(TEXTS.filter((name) => given.has(name)).map((name) => [name, String(given.get(name)).trim()]));
    const hours = week ? hoursOf(given.getAll("day").map(String), String(given.get("opens")), String(given.get("closes"))) : String(given.get("openingHours"));
    await save({ ...input, cutOff: input.cutOff || null, openingHours: hours }, given);
    forget(`place:${id}`);
  });
  const prefix = `${id}-`;
  const labels = { name: t("place.name"), street: t("place.street"), postalCode: t("place.postalCode"), city: t("place.city"), country: t("place.country"), cutOff: t("place.cutOff"), openingHours: t("place.hours") };
  /** @param {string} name @param {Record<string, any>} [more] */
  const field = (name, more = {}) => html`<${Field} form=${form} prefix=${prefix} name=${name} label=${t(`place.${name}`)} defaultValue=${known[name] ?? ""} ...${more} />`;
  return html`<form ref=${draft} class="stack" onSubmit=${form.submit}>
    <${Summary} form=${form} fields=${labels} prefix=${prefix} />
    ${place && field("name", { required: true, maxlength: 200 })}
    ${field("street", { required: true, maxlength: 200, autocomplete: "street-address" })}
    <div class="row">${field("postalCode", { required: true, maxlength: 20, autocomplete: "postal-code" })}${field("city", { required: true, maxlength: 120, autocomplete: "address-level2" })}</div>
    ${field("country", { options: COUNTRIES.map((code) => [code, countryName(code)]), autocomplete: "country" })}
    ${week ? html`<fieldset class="row"><legend>${t("place.days")}</legend>${DAYS.map((day) => html`<label key=${day} class="check"><input type="checkbox" name="day" value=${day} defaultChecked=${week.days.includes(day)} /> ${t(`place.day.${day}`)}</label>`)}</fieldset>
      <div class="row">${field("opens", { type: "time", defaultValue: week.opens, required: true })}${field("closes", { type: "time", defaultValue: week.closes, required: true })}${field("cutOff", { type: "time", hint: t("place.cutOffHint") })}</div>` : html`${field("openingHours", { hint: t("place.hoursHint"), maxlength: 300, required: true })}${field("cutOff", { type: "time", hint: t("place.cutOffHint") })}`}
    ${children}
    <div class="row"><${Submit} form=${form}>${label}<//></div>
  </form>`;
}
