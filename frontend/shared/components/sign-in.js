/** Signing in by password, passkey or the company; what goes wrong is said at the form, and nothing typed is lost. */
import { call } from "../api.js";
import { enter, tellServer } from "../auth.js";
import { CodeForm } from "./code-form.js";
import { Field, Submit, Summary, useForm } from "./form.js";
import { t } from "../messages.js";
import { passkeysWork, usePasskey } from "../passkey.js";
import { place } from "../router.js";
import { html, useEffect, useSignal } from "../ui.js";

const REFUSALS = ["away", "denied", "domain", "invalid", "often", "over", "unknown", "unverified"];

export function SignIn() {
  const step = useSignal(/** @type {string | null} */ (null));
  const companies = useSignal(/** @type {{id: string, name: string}[]} */ ([]));
  const form = useForm(async (given) => {
    step.value = await enter("/auth/sign-in", { email: given.get("email"), password: given.get("password") });
  });
  const key = useForm(async () => {
    const { step: begun, options } = await tellServer("/auth/passkey/begin", {});
    await enter("/auth/passkey", { step: begun, credential: await usePasskey(options) });
  });
  useEffect(() => {
    call("/auth/openid").then((found) => { companies.value = found.providers; }, () => {});
  }, []);
  const refused = REFUSALS.find((each) => each === place.value.query.get("refused"));
  if (step.value) return html`<main class="alone"><${CodeForm} step=${step.value} leave=${() => { step.value = null; }} /></main>`;
  return html`<main class="alone stack">
    <form class="stack" onSubmit=${form.submit}>
      <h1>${t("signIn.title")}</h1>
      ${refused && html`<div class="notice bad" role="alert">${t(`signIn.refused.${refused}`)}</div>`}
      <${Summary} form=${form} />
      <${Field} name="email" label=${t("signIn.email")} type="email" autocomplete="username webauthn" required />
      <${Field} name="password" label=${t("signIn.password")} type="password" autocomplete="current-password" required />
      <${Submit} form=${form}>${t(form.busy.value ? "signIn.busy" : "signIn.do")}<//>
      <p><a href="/portal/reset">${t("signIn.forgot")}</a></p>
    </form>
    ${passkeysWork() && html`<form class="stack" onSubmit=${key.submit}>
      <${Summary} form=${key} />
      <button class="button" aria-disabled=${key.busy.value}>${t("signIn.passkey")}</button>
    </form>`}
    ${companies.value.map((each) => html`<a key=${each.id} class="button" href=${`/auth/openid/${each.id}?next=/${place.value.path.split("/")[1]}`} target="_self">${t("signIn.company", { name: each.name })}</a>`)}
  </main>`;
}
