/** The second factor: scan, confirm by a code, keep the recovery codes. */
import { change } from "../../shared/api.js";
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { tell } from "../../shared/components/toast.js";
import { t } from "../../shared/messages.js";
import { html, useSignal } from "../../shared/ui.js";
import { BEGIN_FACTOR, CONFIRM_FACTOR, END_FACTOR } from "../operations.js";

/** @param {{access: import("@preact/signals").Signal<any>}} props */
export function SecondFactor({ access }) {
  const begun = useSignal(/** @type {any} */ (null));
  const codes = useSignal(/** @type {string[]} */ ([]));
  const begin = useForm(async () => {
    begun.value = await change(BEGIN_FACTOR, {});
  });
  const code = useForm(async (given) => {
    const made = await change(begun.value ? CONFIRM_FACTOR : END_FACTOR, { code: given.get("code") });
    codes.value = made.recoveryCodes ?? [];
    begun.value = null;
    access.value = made.myAccess;
    tell(t(made.recoveryCodes ? "factor.isOn" : "factor.isOff"));
  });
  const on = access.value.secondFactor;
  const field = html`<${Summary} form=${code} fields=${{ code: t("code.code") }} />
    <${Field} form=${code} name="code" label=${t("code.code")} autocomplete="one-time-code" required />`;
  return html`<section class="part"><h2>${t("factor.title")}</h2>
    <p>${on ? t("factor.on", { count: access.value.recoveryCodesLeft }) : t("factor.what")}</p>
    ${codes.value.length > 0 && html`<div class="notice warn stack" role="status"><p>${t("factor.keep")}</p>
      <ul role="list" class="codes">${codes.value.map((each) => html`<li key=${each}><code>${each}</code></li>`)}</ul></div>`}
    ${!on && !begun.value && html`<form onSubmit=${begin.submit}><${Summary} form=${begin} /><button class="button" aria-disabled=${begin.busy.value}>${t("factor.begin")}</button></form>`}
    ${begun.value && html`<form class="stack" onSubmit=${code.submit}>
      <img class="qr" src=${begun.value.qr} alt=${t("factor.qr")} />
      <p>${t("factor.orType")} <code>${begun.value.secret}</code></p>
      ${field}<div class="row"><${Submit} form=${code}>${t("factor.confirm")}<//></div></form>`}
    ${on && html`<form class="stack" onSubmit=${code.submit}>${field}<div class="row"><button class="button" aria-disabled=${code.busy.value}>${t("factor.end")}</button></div></form>`}
  </section>`;
}
