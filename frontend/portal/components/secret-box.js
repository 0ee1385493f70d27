/** A secret that is shown this once: it is in this box alone, and gone when the box is left. */
import { tell } from "../../shared/components/toast.js";
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";

/** @param {{facts: [string, string][], children?: any}} props */
export function SecretBox({ facts, children }) {
  const copy = async (/** @type {string} */ text) => {
    try {
      await navigator.clipboard.writeText(text);
      tell(t("connect.copied"));
    } catch {
      tell(t("connect.notCopied"), { tone: "bad" });
    }
  };
  /** `c` copies the last one, which is the secret. @param {KeyboardEvent} event */
  function key(event) {
    if (event.key === "c" && !event.ctrlKey && !event.metaKey && !event.altKey && !(event.target instanceof HTMLInputElement)) copy(facts[facts.length - 1][1]);
  }
  return html`<section class="notice warn stack" role="group" aria-label=${t("connect.once")} onKeyDown=${key}>
    <p><strong>${t("connect.once")}</strong></p>
    <dl class="secrets">${facts.map(([label, value]) => html`<div key=${label}><dt>${label}</dt>
      <dd><code class="long">${value}</code> <button type="button" class="button" onClick=${() => copy(value)} aria-label=${t("connect.copyWhat", { what: label })}>${t("connect.copy")}</button></dd></div>`)}</dl>
    ${children}
  </section>`;
}
