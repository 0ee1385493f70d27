/** What narrows a list: a search and some choices, all kept in the address, with one way to clear them. */
import { t } from "../messages.js";
import { go, place, withQuery } from "../router.js";
import { html } from "../ui.js";

/**
 * @typedef {{name: string, label: string, options: {value: string, label: string}[]}} Choice
 * @param {{label: string, choices?: Choice[], also?: Record<string, null>}} props `also` leaves the address as well
 */
export function FilterBar({ label, choices = [], also = {} }) {
  const query = place.value.query;
  const names = ["q", ...choices.map((choice) => choice.name)];
  const narrowed = names.some((name) => query.get(name));

  function search(/** @type {SubmitEvent} */ event) {
    event.preventDefault();
    const given = String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("q")).trim();
    go(withQuery({ ...also, q: given || null }));
  }
  const chosen = (/** @type {string} */ name) => (/** @type {Event} */ event) =>
    go(withQuery({ ...also, [name]: /** @type {HTMLSelectElement} */ (event.target).value || null }));

  return html`<form class="row filters" role="search" aria-label=${label} onSubmit=${search}>
    <input class="control" type="search" name="q" key=${query.get("q")} defaultValue=${query.get("q") ?? ""} aria-label=${label} placeholder=${label} />
    ${choices.map((choice) => html`<select key=${choice.name} class="control" aria-label=${choice.label} value=${query.get(choice.name) ?? ""} onChange=${chosen(choice.name)}>
      <option value="">${choice.label}</option>
      ${choice.options.map((option) => html`<option key=${option.value} value=${option.value} selected=${query.get(choice.name) === option.value}>${option.label}</option>`)}
    </select>`)}
    ${narrowed && html`<a class="button plain" href=${withQuery({ ...also, ...Object.fromEntries(names.map((name) => [name, null])) })}>${t("action.clearFilter")}</a>`}
  </form>`;
}
