/** Where the links of mails lead: begin with a passkey or a password, or choose a new password. */
import { enter, me, tellServer } from "../../shared/auth.js";
import { CodeForm } from "../../shared/components/code-form.js";
import { Failure } from "../../shared/components/failure.js";
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { t } from "../../shared/messages.js";
import { makePasskey, passkeysWork } from "../../shared/passkey.js";
import { go } from "../../shared/router.js";
import { html, useEffect, useSignal } from "../../shared/ui.js";
import { Steps } from "../components/steps.js";

const OVER = ["LINK_EXPIRED", "LINK_USED", "LINK_NOT_FOUND"];

export function Page() {
  const token = useSignal(location.hash.slice(1));
  const link = useSignal(/** @type {any} */ (null));
  const problem = useSignal(/** @type {any} */ (null));
  const code = useSignal(/** @type {string | null} */ (null));

  async function look() {
    problem.value = null;
    try {
      link.value = await tellServer("/auth/link", { token: token.value || "-" });
    } catch (refused) {
      problem.value = refused;
    }
  }
  useEffect(() => void look(), []);

  /** @param {Record<string, any>} given */
  async function use(given) {
    code.value = await enter("/auth/link/use", { token: token.value, ...given });
    if (!code.value) onward(link.value.purpose);
  }

  if (code.value) return html`<main class="alone"><${CodeForm} step=${code.value} leave=${() => go("/portal")} /></main>`;
  if (problem.value) return html`<main class="alone stack">${refusal(problem.value, token.value, look)}</main>`;
  if (!link.value) return html`<main class="alone"><${Skeleton} rows=${4} /></main>`;
  return html`<${Choice} link=${link.value} token=${token.value} use=${use} />`;
}

/** Who was invited goes on being welcomed; whoever only forgot a password, to work. @param {string} purpose */
function onward(purpose) {
  if (!me.value?.partnerId) location.assign("/");
  else go(purpose === "INVITATION" && me.value.permissions.includes("partnership:write") ? "/portal/welcome" : "/portal/orders", { replace: true });
}

/** @param {{link: any, token: string, use: (given: Record<string, any>) => Promise<void>}} props */
function Choice({ link, token, use }) {
  const invited = link.purpose === "INVITATION";
  const form = useForm(async (given) => use({ password: given.get("password") }));
  const key = useForm(async () => {
    const { step, options } = await tellServer("/auth/link/passkey", { token });
    await use({ step, credential: await makePasskey(options), name: t("link.passkeyName") });
  });
  return html`<main class="alone stack">
    ${invited && html`<${Steps} current="key" />`}
    <h1>${t(invited ? "link.welcome" : "link.reset", { name: link.name })}</h1>
    ${invited && passkeysWork() && html`<form class="stack" onSubmit=${key.submit}>
      <p>${t("link.passkeyWhat")}</p>
      <${Summary} form=${key} />
      <button class="button main" aria-disabled=${key.busy.value}>${t("link.passkeyDo")}</button>
      <p class="muted">${t("link.or")}</p>
    </form>`}
    <form class="stack" onSubmit=${form.submit}>
      <${Summary} form=${form} fields=${{ password: t("link.password") }} />
      <input class="unseen" type="email" name="email" autocomplete="username" value=${link.email} readonly tabindex="-1" aria-hidden="true" />
      <${Field} form=${form} name="password" label=${t("link.password")} hint=${t("link.passwordHint")} type="password" autocomplete="new-password" required />
      <${Submit} form=${form}>${t("link.passwordDo")}<//>
    </form>
  </main>`;
}

/**
 * @param {any} problem
 * @param {string} token
 * @param {() => void} retry
 */
function refusal(problem, token, retry) {
  if (!OVER.includes(problem.code)) return html`<${Failure} problem=${problem} retry=${retry} />`;
  return html`<h1>${t(`link.${problem.code}`)}</h1>
    ${problem.code === "LINK_EXPIRED" && html`<${Renewal} token=${token} />`}
    ${problem.code === "LINK_NOT_FOUND" && html`<p><a href="/portal/reset">${t("signIn.forgot")}</a></p>`}
    <p><a href="/portal">${t("reset.back")}</a></p>`;
}

/** @param {{token: string}} props */
function Renewal({ token }) {
  const sent = useSignal(false);
  const form = useForm(async () => {
    await tellServer("/auth/link/renew", { token });
    sent.value = true;
  });
  if (sent.value) return html`<p role="status">${t("link.renewed")}</p>`;
  return html`<form class="stack" onSubmit=${form.submit}>
    <p>${t("link.renewWhat")}</p>
    <${Summary} form=${form} />
    <${Submit} form=${form}>${t("link.renew")}<//>
  </form>`;
}
