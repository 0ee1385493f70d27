/** Inviting a partner: who they are, and who of them gets the mail. */
import { change } from "../../shared/api.js";
import { tell } from "../../shared/components/toast.js";
import { country } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { withQuery } from "../../shared/router.js";
import { html, useEffect, useRef, useSignal } from "../../shared/ui.js";
import { INVITE } from "../operations.js";
import { Field, Summary } from "./form-parts.js";

const COUNTRIES = ["AT", "BE", "CH", "CZ", "DE", "DK", "ES", "FR", "IT", "LU", "NL", "PL", "SE"];
const DRAFT = "admin.invite"; // nothing typed is lost
const FIELDS = ["name", "code", "country", "language", "email"];

/** A code out of a name: letters and digits, words joined. @param {string} name */
export function codeOf(name) {
  return name.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/ß/g, "ss").replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 40);
}

/** @param {{done: (id: string) => void}} props */
export function InviteForm({ done }) {
  const kept = JSON.parse(sessionStorage.getItem(DRAFT) ?? "{}");
  const problem = useSignal(/** @type {any} */ (null));
  const busy = useSignal(false);
  const form = useRef(/** @type {HTMLFormElement | null} */ (null));
  const first = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => first.current?.querySelector("input")?.focus(), []);
  const given = () => Object.fromEntries([...new FormData(/** @type {HTMLFormElement} */ (form.current))].map(([name, value]) => [name, String(value).trim()]));
  const keep = () => sessionStorage.setItem(DRAFT, JSON.stringify(given()));

  async function submit(/** @type {SubmitEvent} */ event) {
    event.preventDefault();
    if (busy.value) return;
    busy.value = true;
    problem.value = null;
    const { name, code, country: at, language, email, person } = given();
    try {
      const input = { code: code || codeOf(name), name, country: at, language, email, kind: "DROPSHIPPER" };
      const { partner } = await change(INVITE, { input, person: { name: person || name, email } });
      sessionStorage.removeItem(DRAFT);
      tell(t("invite.sent", { name: partner.name, email }));
      done(partner.id);
    } catch (refused) {
      problem.value = refused;
    }
    busy.value = false;
  }

  return html`<aside class="panel stack" aria-label=${t("partners.invite")}>
    <div class="row"><h2>${t("partners.invite")}</h2><a class="button plain push" href=${withQuery({ invite: null })} aria-label=${t("action.close")}>×</a></div>
    <form ref=${form} class="stack" onSubmit=${submit} onInput=${keep}>
      <${Summary} problem=${problem.value} fields=${FIELDS} />
      <div ref=${first}><${Field} name="name" label=${t("invite.name")} fault=${problem.value} required maxlength="200" defaultValue=${kept.name} /></div>
      <${Field} name="email" label=${t("invite.email")} hint=${t("invite.emailHint")} fault=${problem.value} type="email" required maxlength="254" defaultValue=${kept.email} />
      <${Field} name="person" label=${t("invite.person")} fault=${problem.value} maxlength="200" defaultValue=${kept.person} />
      <div class="row">
        <${Field} name="country" label=${t("invite.country")} fault=${problem.value}><select id="country" name="country">
          ${COUNTRIES.map((each) => html`<option key=${each} value=${each} selected=${(kept.country ?? "DE") === each}>${country(each)}</option>`)}</select><//>
        <${Field} name="language" label=${t("invite.language")} fault=${problem.value}><select id="language" name="language">
          ${["de", "en"].map((each) => html`<option key=${each} value=${each} selected=${(kept.language ?? "de") === each}>${t(`invite.language.${each}`)}</option>`)}</select><//>
      </div>
      <${Field} name="code" label=${t("invite.code")} hint=${t("invite.codeHint")} fault=${problem.value} maxlength="80" pattern="[A-Za-z0-9._-]*" defaultValue=${kept.code} />
      <p class="muted">${t("invite.follows")}</p>
      <div class="row"><button class="button main" aria-disabled=${busy.value}>${t("invite.do")}</button></div>
    </form>
  </aside>`;
}
