/** The second step of signing in: a code of the app, or one of the recovery codes. */
import { enter } from "../auth.js";
import { t } from "../messages.js";
import { html, useEffect } from "../ui.js";
import { Field, Submit, Summary, useForm } from "./form.js";

/** @param {{step: string, leave: () => void}} props */
export function CodeForm({ step, leave }) {

  const form = useForm(async (given) => {
    await enter("/auth/second-factor", { step, code: given.get("code") });
  });
  useEffect(() => document.getElementById("code")?.focus(), []);
  return html`<form class="stack" onSubmit=${form.submit}>
    <h1>${t("code.title")}</h1>
    <${Summary} form=${form} fields=${{ code: t("code.code") }} />
    <${Field} form=${form} name="code" label=${t("code.code")} hint=${t("code.hint")} autocomplete="one-time-code" required />
    <div class="row"><${Submit} form=${form}>${t("signIn.do")}<//>
      <button type="button" class="button" onClick=${leave}>${t("action.back")}</button></div>
  </form>`;
}
