/** Passkeys: add, name, remove. */
import { change } from "../../shared/api.js";
import { words } from "../../shared/components/failure.js";
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { tell } from "../../shared/components/toast.js";
import { dayOf } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { makePasskey, passkeysWork } from "../../shared/passkey.js";
import { html } from "../../shared/ui.js";
import { ADD_PASSKEY, BEGIN_PASSKEY, REMOVE_PASSKEY, RENAME_PASSKEY } from "../operations.js";

/** @param {{access: import("@preact/signals").Signal<any>}} props */
export function Passkeys({ access }) {
  const form = useForm(async (given) => {
    const { step, options } = await change(BEGIN_PASSKEY, {});
    const credential = await makePasskey(options);
    const name = String(given.get("passkeyName")).trim() || t("link.passkeyName");
    access.value = (await change(ADD_PASSKEY, { step, credential, name })).myAccess;
    tell(t("passkeys.added"));
  });

  /** @param {string} document @param {Record<string, any>} given @param {string} news */
  async function act(document, given, news) {
    try {
      access.value = (await change(document, given, { again: true })).myAccess;
      tell(news);
    } catch (/** @type {any} */ refused) {
      tell(words(refused), { tone: "bad" });
    }
  }
  const { passkeys } = access.value;
  const works = passkeysWork();
  return html`<form class="part" onSubmit=${form.submit}><h2>${t("passkeys.title")}</h2>
    <p>${t(works ? "passkeys.what" : "passkeys.notHere")}</p>
    ${passkeys.length > 0 && html`<ul role="list" class="lines">${passkeys.map((/** @type {any} */ each) => html`<li key=${each.id}>
      <span class="field"><input class="control" aria-label=${t("passkeys.nameOf", { name: each.name })} maxlength="100" defaultValue=${each.name}
        onChange=${(/** @type {any} */ event) => act(RENAME_PASSKEY, { id: each.id, name: event.currentTarget.value }, t("settings.saved"))} />
        <span class="muted">${t("passkeys.since", { day: dayOf(each.createdAt) })}</span></span>
      <button type="button" class="button" aria-label=${t("passkeys.removeLabel", { name: each.name })} onClick=${() => act(REMOVE_PASSKEY, { id: each.id }, t("passkeys.removed", { name: each.name }))}>${t("people.remove")}</button></li>`)}</ul>`}
    <${Summary} form=${form} />
    ${works && html`<${Field} form=${form} name="passkeyName" label=${t("passkeys.name")} maxlength="100" autocomplete="off" />
      <div class="row"><${Submit} form=${form}>${t("passkeys.add")}<//></div>`}
  </form>`;
}
