/** Who works here: invite, give a role, remove. */
import { change } from "../../shared/api.js";
import { me } from "../../shared/auth.js";
import { words } from "../../shared/components/failure.js";
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { tell } from "../../shared/components/toast.js";
import { forget, useDraft } from "../../shared/drafts.js";
import { dateTime } from "../../shared/format.js";
import { language, t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";
import { CHANGE_ROLE, COLLEAGUES, INVITE, REMOVE_COLLEAGUE, RESTORE_COLLEAGUE } from "../operations.js";
import { useReading } from "./reading.js";

const ROLES = ["DROPSHIPPER", "DROPSHIPPER_STAFF"];
const roles = () => ROLES.map((role) => [role, t(`people.role.${role}`)]);

export function Part() {
  const { found, load, instead } = useReading(COLLEAGUES, "colleagues");
  if (instead) return instead;

  /** @param {string} document @param {Record<string, any>} given @param {string} news @param {() => void} [undo] */
  async function act(document, given, news, undo) {
    try {
      await change(document, given, { again: true });
      tell(news, { undo });
    } catch (/** @type {any} */ refused) {
      tell(words(refused), { tone: "bad" });
    }
    await load();
  }
  /** @param {any} each */
  const remove = (each) => act(REMOVE_COLLEAGUE, { id: each.id }, t("people.removed", { name: each.name }), () => void act(RESTORE_COLLEAGUE, { id: each.id }, t("people.restored", { name: each.name })));
  return html`<div class="stack">
    <ul role="list" class="lines">${found.value.map((/** @type {any} */ each) => html`<li key=${each.id}>
      <span><strong>${each.name}</strong>${each.email === me.value?.email && ` (${t("people.you")})`}<br /><span class="muted">${each.email} · ${each.invited ? t("people.invited") : dateTime(each.lastSignedInAt)}</span></span>
      <span class="row">
        <select class="control fit" aria-label=${t("people.roleOf", { name: each.name })} value=${each.role} onChange=${(/** @type {any} */ event) => act(CHANGE_ROLE, { id: each.id, role: event.currentTarget.value }, t("settings.saved"))}>
          ${roles().map(([value, text]) => html`<option key=${value} value=${value} selected=${value === each.role}>${text}</option>`)}</select>
        <button type="button" class="button" aria-label=${t("people.removeLabel", { name: each.name })} onClick=${() => remove(each)}>${t("people.remove")}</button>
      </span></li>`)}</ul>
    <${InviteForm} invited=${load} />
  </div>`;
}

/** @param {{invited: () => Promise<void>}} props */
function InviteForm({ invited }) {
  const draft = useDraft("invite");
  const form = useForm(async (given, form) => {
    const input = { name: given.get("name"), email: given.get("email"), role: given.get("role"), language: language.value };
    const { colleague } = await change(INVITE, { input });
    form.reset();
    forget("invite");
    tell(t("people.sent", { email: colleague.email }));
    await invited();
  });
  const labels = { name: t("people.name"), email: t("signIn.email") };
  return html`<form ref=${draft} class="part" onSubmit=${form.submit}><h2>${t("people.invite")}</h2>
    <${Summary} form=${form} fields=${labels} />
    <${Field} form=${form} name="name" label=${labels.name} required maxlength="200" autocomplete="off" />
    <${Field} form=${form} name="email" label=${labels.email} type="email" required autocomplete="off" />
    <${Field} form=${form} name="role" label=${t("people.role")} hint=${t("people.roleHint")} defaultValue="DROPSHIPPER_STAFF" options=${roles()} />
    <div class="row"><${Submit} form=${form}>${t("people.do")}<//></div>
  </form>`;
}
