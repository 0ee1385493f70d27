/** Asking for a link to a new password. The answer is the same whether or not there is such an account. */
import { tellServer } from "../../shared/auth.js";
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { t } from "../../shared/messages.js";
import { html, useSignal } from "../../shared/ui.js";

export function Page() {
  const asked = useSignal("");
  const form = useForm(async (given) => {
    await tellServer("/auth/reset", { email: given.get("email") });
    asked.value = String(given.get("email"));
  });
  return html`<main class="alone stack">
    <h1>${t("reset.title")}</h1>
    ${asked.value ? html`<p role="status">${t("reset.asked", { email: asked.value })}</p>` : html`<form class="stack" onSubmit=${form.submit}>
      <p>${t("reset.what")}</p>
      <${Summary} form=${form} fields=${{ email: t("signIn.email") }} />
      <${Field} form=${form} name="email" label=${t("signIn.email")} type="email" autocomplete="username" required />
      <${Submit} form=${form}>${t("reset.do")}<//>
    </form>`}
    <p><a href="/portal">${t("reset.back")}</a></p>
  </main>`;
}
