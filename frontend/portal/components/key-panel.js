/** A key beside the list: what it may do, a change of its secret with overlap, its end. */
import { change } from "../../shared/api.js";
import { may } from "../../shared/auth.js";
import { words } from "../../shared/components/failure.js";
import { tell } from "../../shared/components/toast.js";
import { dateTime } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html, useEffect, useRef, useSignal } from "../../shared/ui.js";
import { REVOKE_KEY, ROTATE_KEY } from "../operations.js";
import { SecretBox } from "./secret-box.js";
import { TryCall } from "./try-call.js";

const OVERLAPS = [0, 24, 168]; // hours

/** @param {{client: any, changed: () => Promise<void>, close: () => void}} props */
export function KeyPanel({ client, changed, close }) {
  const secret = useSignal("");
  const asking = useSignal(false);
  const busy = useSignal(false);
  const heading = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => heading.current?.focus(), [client.id]);
  useEffect(() => () => {
    secret.value = "";
  }, []);

  /** @param {() => Promise<void>} doing */
  async function act(doing) {
    if (busy.value) return;
    busy.value = true;
    try {
      await doing();
      await changed();
    } catch (/** @type {any} */ refused) {
      tell(words(refused), { tone: "bad" });
    }
    busy.value = false;
  }
  const rotate = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const hours = Number(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("overlap"));
    act(async () => {
      secret.value = (await change(ROTATE_KEY, { id: client.id, hours })).secret;
    });
  };
  const revoke = () => act(async () => {
    await change(REVOKE_KEY, { id: client.id });
    secret.value = "";
    tell(t("connect.revokedNow", { name: client.name }));
    asking.value = false;
    heading.current?.focus();
  });

  const old = client.secrets.filter((/** @type {any} */ each) => each.expiresAt);
  return html`<aside class="panel stack" aria-label=${client.name}>
    <div class="row"><h2 ref=${heading} tabindex="-1">${client.name}</h2>
      <button type="button" class="button plain push" aria-label=${t("action.close")} onClick=${close}>×</button></div>
    <dl class="facts"><dt>${t("connect.clientId")}</dt><dd><code class="long">${client.clientId}</code></dd>
      <dt>${t("connect.rights")}</dt><dd>${client.scopes.map((/** @type {string} */ scope) => t(`scope.${scope}`)).join(", ")}</dd>
      ${old.map((/** @type {any} */ each) => html`<dt>${t("connect.oldSecret")}</dt><dd>${dateTime(each.expiresAt)}</dd>`)}</dl>
    ${secret.value && html`<${SecretBox} facts=${[[t("connect.clientId"), client.clientId], [t("connect.secret"), secret.value]]} />
      <${TryCall} clientId=${client.clientId} secret=${secret.value} />`}
    ${client.active && may("clients:write") && html`<form class="part" onSubmit=${rotate}><h2>${t("connect.rotate")}</h2>
      <div class="field"><label for="overlap">${t("connect.overlap")}</label><select id="overlap" name="overlap">
        ${OVERLAPS.map((hours) => html`<option key=${hours} value=${hours} selected=${hours === 24}>${t(`connect.overlap.${hours}`)}</option>`)}</select></div>
      <div><button class="button" aria-disabled=${busy.value}>${t("connect.rotateDo")}</button></div></form>
      <section class="part"><h2>${t("connect.revoke")}</h2>
        ${asking.value ? html`<p>${t("connect.revokeSure")}</p><div class="row"><button type="button" class="button main" onClick=${revoke}>${t("connect.revokeDo")}</button>
          <button type="button" class="button" onClick=${() => { asking.value = false; }}>${t("action.back")}</button></div>`
          : html`<div><button type="button" class="button" onClick=${() => { asking.value = true; }}>${t("connect.revoke")} …</button></div>`}</section>`}
  </aside>`;
}
