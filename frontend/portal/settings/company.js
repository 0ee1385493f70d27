/** How the company is written to, what it ships with, what it prints on. */
import { change } from "../../shared/api.js";
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { tell } from "../../shared/components/toast.js";
import { forget, useDraft } from "../../shared/drafts.js";
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";
import { OWN_COMPANY, SAVE_COMPANY } from "../operations.js";
import { useReading } from "./reading.js";

export function Part() {
  const { found, instead } = useReading(OWN_COMPANY, "partnership");
  return instead ?? html`<${CompanyForm} found=${found} />`;
}

/** @param {{found: import("@preact/signals").Signal<any>}} props */
function CompanyForm({ found }) {
  const draft = useDraft("company");
  const company = found.value;
  const form = useForm(async (given) => {
    const text = (/** @type {string} */ name) => String(given.get(name)).trim();
    const carriers = text("carriers").split(",").map((each) => each.trim()).filter(Boolean);
    const input = { email: text("email") || null, vatId: text("vatId") || null, language: text("language"), paper: text("paper"), labelPaper: text("labelPaper"), carriers };
    found.value = (await change(SAVE_COMPANY, { input }, { again: true })).partnership;
    forget("company");
    tell(t("settings.saved"));
  });
  const labels = { email: t("company.email"), vatId: t("company.vatId"), carriers: t("company.carriers") };
  return html`<form ref=${draft} class="stack" onSubmit=${form.submit}>
    <h2>${company.name}</h2>
    <${Summary} form=${form} fields=${labels} />
    <${Field} form=${form} name="email" label=${labels.email} hint=${t("company.emailHint")} type="email" defaultValue=${company.email ?? ""} autocomplete="email" />
    <${Field} form=${form} name="language" label=${t("company.language")} defaultValue=${company.language} options=${[["de", "Deutsch"], ["en", "English"]]} />
    <${Field} form=${form} name="vatId" label=${labels.vatId} defaultValue=${company.vatId ?? ""} maxlength="20" />
    <${Field} form=${form} name="carriers" label=${labels.carriers} hint=${t("company.carriersHint")} defaultValue=${company.carriers.join(", ")} maxlength="400" />
    <${Field} form=${form} name="paper" label=${t("company.paper")} defaultValue=${company.paper} options=${[["A4", "A4"], ["LETTER", "Letter"]]} />
    <${Field} form=${form} name="labelPaper" label=${t("company.labelPaper")} defaultValue=${company.labelPaper} options=${[["A4", "A4"], ["103x199", "103 × 199 mm"], ["100x150", "100 × 150 mm"]]} />
    <div class="row"><${Submit} form=${form}>${t("settings.save")}<//></div>
  </form>`;
}
