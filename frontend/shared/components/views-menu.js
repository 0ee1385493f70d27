/** Views of a page that somebody or the team keeps, each with how much it holds now. */
import { t } from "../messages.js";
import { html, useSignal } from "../ui.js";

/**
 * `address` is where a view's query leads; `current` the query that is shown.
 * @typedef {{id: string, name: string, query: string, shared: boolean, mine: boolean, count?: number}} View
 * @param {{views: View[], current: string, address: (query: string) => string, save: (name: string, shared: boolean) => Promise<boolean>, remove: (view: View) => void}} props
 */
export function ViewsMenu({ views, current, address, save, remove }) {
  const naming = useSignal(false);
  const shown = views.find((view) => view.query === current);

  async function submit(/** @type {SubmitEvent} */ event) {
    event.preventDefault();
    const given = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const name = String(given.get("name")).trim();
    if (name && (await save(name, given.get("shared") !== null))) naming.value = false;
  }

  return html`<div class="row views" role="group" aria-label=${t("views.title")}>
    ${views.map((view) => html`<a key=${view.id} class="button" href=${address(view.query)} aria-current=${view === shown ? "true" : undefined}>
      ${view.name}${view.count !== undefined && html`<span class="badge">${view.count >= 1000 ? "999+" : view.count}</span>`}</a>`)}
    ${shown?.mine && html`<button type="button" class="button plain" onClick=${() => remove(shown)}>${t("views.remove", { name: shown.name })}</button>`}
    ${naming.value
      ? html`<form class="row" onSubmit=${submit} onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Escape" && (naming.value = false)}>
          <input class="control short" name="name" maxlength="60" required autofocus autocomplete="off" aria-label=${t("views.name")} placeholder=${t("views.name")} />
          <label class="check"><input type="checkbox" name="shared" /> ${t("views.shared")}</label>
          <button class="button main">${t("views.save")}</button>
        </form>`
      : !shown && html`<button type="button" class="button plain" onClick=${() => { naming.value = true; }}>${t("views.keep")}</button>`}
  </div>`;
}
