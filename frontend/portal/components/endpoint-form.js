/** Where events are pushed to: an address, which of them, on or off. */
import { change } from "../../shared/api.js";
import { words } from "../../shared/components/failure.js";
import { t } from "../../shared/messages.js";
import { html, useEffect, useRef, useSignal } from "../../shared/ui.js";
import { SAVE_ENDPOINT } from "../operations.js";
import { SecretBox } from "./secret-box.js";

/** @param {{types: string[], endpoint?: any, changed: () => void, close: () => void}} props */
export function EndpointForm({ types, endpoint = null, changed, close }) {
  const secret = useSignal("");
  const problem = useSignal(/** @type {any} */ (null));
  const busy = useSignal(false);
  const first = useRef(/** @type {HTMLInputElement | null} */ (null));
  useEffect(() => first.current?.focus(), []);

  async function submit(/** @type {SubmitEvent} */ event) {
    event.preventDefault();
    if (busy.value) return;
    const given = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const events = given.getAll("event");
    const input = { id: endpoint?.id ?? null, name: given.get("name"), url: given.get("url"), events: events.length === types.length ? null : events, active: endpoint?.active ?? true };
    busy.value = true;
    problem.value = null;
    try {
      secret.value = (await change(SAVE_ENDPOINT, { input })).secret ?? "";
      changed();
      if (endpoint) close();
    } catch (refused) {
      problem.value = refused;
    }
    busy.value = false;
  }

  if (secret.value) {
    return html`<aside class="panel stack" aria-label=${t("connect.newEndpoint")}>
      <${SecretBox} facts=${[[t("connect.secret"), secret.value]]} />
      <p>${t("connect.verify")}</p>
      <div><button type="button" class="button" onClick=${close}>${t("connect.kept")}</button></div></aside>`;
  }
  const at = (/** @type {string} */ name) => problem.value?.path.includes(name);
  return html`<aside class="panel" aria-label=${t("connect.newEndpoint")}><form class="stack" onSubmit=${submit} onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Escape" && close()}>
    <h2>${endpoint ? endpoint.name : t("connect.newEndpoint")}</h2>
    ${problem.value && html`<div class="notice bad" role="alert">${words(problem.value)}</div>`}
    <div class="field"><label for="name">${t("connect.name")}</label><input ref=${first} id="name" name="name" required maxlength="120" autocomplete="off" defaultValue=${endpoint?.name ?? ""} aria-invalid=${at("name")} /></div>
    <div class="field"><label for="url">${t("connect.url")}</label><input id="url" name="url" type="url" required maxlength="500" placeholder="https://" defaultValue=${endpoint?.url ?? ""} aria-invalid=${at("url")} /></div>
    <fieldset><legend>${t("connect.events")}</legend><div class="stack">${types.map((type) => html`<label key=${type} class="check">
      <input type="checkbox" name="event" value=${type} defaultChecked=${!endpoint?.events || endpoint.events.includes(type)} /> <code>${type}</code></label>`)}</div></fieldset>
    <div class="row"><button class="button main" aria-disabled=${busy.value}>${t("connect.save")}</button>
      <button type="button" class="button" onClick=${close}>${t("action.back")}</button></div></form></aside>`;
}
