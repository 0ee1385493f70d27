/** Signing in; what goes wrong is said at the form, and nothing typed is lost. */
import { signIn } from "../auth.js";
import { words } from "./failure.js";
import { t } from "../messages.js";
import { html, useSignal } from "../ui.js";

export function SignIn() {
  const busy = useSignal(false);
  const problem = useSignal(/** @type {any} */ (null));

  async function submit(/** @type {SubmitEvent} */ event) {
    event.preventDefault();
    if (busy.value) return;
    const given = new FormData(/** @type {HTMLFormElement} */ (event.target));
    busy.value = true;
    problem.value = null;
    try {
      await signIn(String(given.get("email")), String(given.get("password")));
    } catch (refused) {
      problem.value = refused;
    }
    busy.value = false;
  }

  return html`<main class="alone">
    <form class="stack" onSubmit=${submit}>
      <h1>${t("signIn.title")}</h1>
      ${problem.value && html`<div class="notice bad" role="alert">${words(problem.value)}</div>`}
      <div class="field"><label for="email">${t("signIn.email")}</label>
        <input id="email" name="email" type="email" autocomplete="username" required /></div>
      <div class="field"><label for="password">${t("signIn.password")}</label>
        <input id="password" name="password" type="password" autocomplete="current-password" required /></div>
      <button class="button main" aria-disabled=${busy.value}>${t(busy.value ? "signIn.busy" : "signIn.do")}</button>
    </form>
  </main>`;
}
