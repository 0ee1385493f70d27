/** One's own name, language and time zone. */
import { change } from "../../shared/api.js";
import { me } from "../../shared/auth.js";
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { tell } from "../../shared/components/toast.js";
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";
import { MY_ACCESS, SAVE_ME } from "../operations.js";
import { useReading } from "./reading.js";

export function Part() {
  const { found, instead } = useReading(MY_ACCESS, "myAccess");
  return instead ?? html`<${MeForm} found=${found} />`;
}

/** @param {{found: import("@preact/signals").Signal<any>}} props */
function MeForm({ found }) {
  const { user } = found.value;
  const form = useForm(async (given) => {
    const said = { name: String(given.get("name")), language: String(given.get("language")), timezone: String(given.get("timezone")) || null };
    found.value = (await change(SAVE_ME, said, { again: true })).myAccess;
    if (me.value) me.value = { ...me.value, name: said.name.trim(), language: said.language };
    tell(t("settings.saved"));
  });
  const zones = [["", t("me.zoneOfBrowser")], ...Intl.supportedValuesOf("timeZone").map((each) => [each, each])];
  return html`<form class="stack" onSubmit=${form.submit}>
    <${Summary} form=${form} fields=${{ name: t("people.name") }} />
    <p class="muted">${user.email}</p>
    <${Field} form=${form} name="name" label=${t("people.name")} defaultValue=${user.name} required maxlength="200" autocomplete="name" />
    <${Field} form=${form} name="language" label=${t("company.language")} defaultValue=${user.language} options=${[["de", "Deutsch"], ["en", "English"]]} />
    <${Field} form=${form} name="timezone" label=${t("me.zone")} defaultValue=${user.timezone ?? ""} options=${zones} />
    <div class="row"><${Submit} form=${form}>${t("settings.save")}<//></div>
  </form>`;
}
