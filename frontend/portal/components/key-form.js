/** A new key: a name, what it may do, until when. */
import { change } from "../../shared/api.js";
import { words } from "../../shared/components/failure.js";
import { t } from "../../shared/messages.js";
import { html, useEffect, useRef, useSignal } from "../../shared/ui.js";
import { CREATE_KEY } from "../operations.js";
import { SecretBox } from "./secret-box.js";
import { TryCall } from "./try-call.js";

const SCOPES = [
  "fulfillment:read", "fulfillment:write", "stock:read", "stock:write", "returns:decide", "catalog:read", "locations:read", "imports:read",
  "imports:write", "partners:read", "webhooks:read", "webhooks:write",
];

/** @param {{changed: () => void, close: () => void}} props */
export function KeyForm({ changed, close }) {
  const made = useSignal(/** @type {any} */ (null));
  const problem = useSignal(/** @type {any} */ (null));
  const busy = useSignal(false);
  const first = useRef(/** @type {HTMLInputElement | null} */ (null));
  const done = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => first.current?.focus(), []);
  useEffect(() => done.current?.focus(), [made.value]);

  async function submit(/** @type {SubmitEvent} */ event) {
    event.preventDefault();
    if (busy.value) return;
    const given = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const until = String(given.get("until"));
    const input = { name: given.get("name"), kind: "PARTNER", scopes: given.getAll("scope"), expiresAt: until ? new Date(`${until}T23:59:59`).toISOString() : null };
    busy.value = true;
    problem.value = null;
    try {
      made.value = await change(CREATE_KEY, { input });
      changed();
    } catch (refused) {
      problem.value = refused;
    }
    busy.value = false;
  }

  if (made.value) {
    const { apiClient, secret } = made.value;
    return html`<aside class="panel stack" aria-label=${apiClient.name}>
      <h2 ref=${done} tabindex="-1">${apiClient.name}</h2>
      <${SecretBox} facts=${[[t("connect.clientId"), apiClient.clientId], [t("connect.secret"), secret]]} />
      <${TryCall} clientId=${apiClient.clientId} secret=${secret} />
      <div><button type="button" class="button" onClick=${close}>${t("connect.kept")}</button></div></aside>`;
  }
  return html`<aside class="panel" aria-label=${t("connect.newKey")}><form class="stack" onSubmit=${submit} onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Escape" && close()}>
    <h2>${t("connect.newKey")}</h2>
    ${problem.value && html`<div class="notice bad" role="alert">${words(problem.value)}</div>`}
    <div class="field"><label for="name">${t("connect.name")}</label>
      <input ref=${first} id="name" name="name" required maxlength="200" autocomplete="off" defaultValue=${t("connect.nameGuess")} /></div>
    <fieldset><legend>${t("connect.rights")}</legend><div class="stack">${SCOPES.map((scope) => html`<label key=${scope} class="check">
      <input type="checkbox" name="scope" value=${scope} defaultChecked /> <span>${t(`scope.${scope}`)} <code class="muted">${scope}</code></span></label>`)}</div></fieldset>
    <div class="field"><label for="until">${t("connect.until")}</label><input id="until" name="until" type="date" /></div>
    <div class="row"><button class="button main" aria-disabled=${busy.value}>${t("connect.create")}</button>
      <button type="button" class="button" onClick=${close}>${t("action.back")}</button></div></form></aside>`;
}
