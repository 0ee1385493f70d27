/** The company's own sign-in (OpenID Connect). */
import { change } from "../../shared/api.js";
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { tell } from "../../shared/components/toast.js";
import { forget, useDraft } from "../../shared/drafts.js";
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";
import { COMPANY_SIGN_IN, REMOVE_COMPANY_SIGN_IN, SAVE_COMPANY_SIGN_IN } from "../operations.js";
import { useReading } from "./reading.js";

export function Part() {
  const { found, load, instead } = useReading(COMPANY_SIGN_IN, "identityProviders");
  return instead ?? html`<${ProviderForm} key=${found.value[0]?.id} provider=${found.value[0]} changed=${load} />`;
}

/** @param {{provider: any, changed: () => Promise<void>}} props */
function ProviderForm({ provider, changed }) {
  const draft = useDraft("provider");
  const form = useForm(async (given) => {
    const text = (/** @type {string} */ name) => String(given.get(name)).trim();
    const domains = text("domains").split(",").map((each) => each.trim()).filter(Boolean);
    const input = { name: text("name"), issuer: text("issuer"), clientId: text("clientId"), clientSecret: text("clientSecret") || null, domains, active: true };
    await change(SAVE_COMPANY_SIGN_IN, { input, id: provider?.id ?? null });
    forget("provider");
    tell(t("settings.saved"));
    await changed();
  });
  const end = useForm(async () => {
    await change(REMOVE_COMPANY_SIGN_IN, { id: provider.id });
    tell(t("provider.removed"));
    await changed();
  });
  const labels = { name: t("provider.name"), issuer: t("provider.issuer"), clientId: t("provider.clientId"), clientSecret: t("provider.clientSecret"), domains: t("provider.domains") };
  return html`<div class="stack"><form ref=${draft} class="stack" onSubmit=${form.submit}>
    <p>${t("provider.what")}</p>
    <p class="muted">${t("provider.callback")} <code>${location.origin}/auth/openid/callback</code></p>
    <${Summary} form=${form} fields=${labels} />
    <${Field} form=${form} name="name" label=${labels.name} required maxlength="100" defaultValue=${provider?.name ?? ""} autocomplete="off" />
    <${Field} form=${form} name="issuer" label=${labels.issuer} type="url" required defaultValue=${provider?.issuer ?? ""} autocomplete="off" />
    <${Field} form=${form} name="clientId" label=${labels.clientId} required defaultValue=${provider?.clientId ?? ""} autocomplete="off" />
    <${Field} form=${form} name="clientSecret" label=${labels.clientSecret} hint=${provider ? t("provider.secretStays") : undefined} type="password" required=${!provider} autocomplete="off" />
    <${Field} form=${form} name="domains" label=${labels.domains} hint=${t("provider.domainsHint")} defaultValue=${provider?.domains.join(", ") ?? ""} autocomplete="off" />
    <div class="row"><${Submit} form=${form}>${t("settings.save")}<//></div>
  </form>
  ${provider && html`<form onSubmit=${end.submit}><${Summary} form=${end} /><button class="button">${t("provider.remove")}</button></form>`}</div>`;
}
