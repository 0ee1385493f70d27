/** The steps from the invitation to work: which are done, and which one this is. */
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";

export const STEPS = ["key", "place", "stock", "practice"];

/** @param {{current: string, done?: string[], open?: (step: string) => void}} props */
export function Steps({ current, done = [], open }) {
  return html`<nav aria-label=${t("steps.label")}><ol role="list" class="steps">
    ${STEPS.map((step, at) => {
      const name = html`<span class="number">${done.includes(step) ? "✓" : at + 1}</span> ${t(`steps.${step}`)}${done.includes(step) && html`<span class="unseen"> ${t("steps.done")}</span>`}`;
      return html`<li key=${step} aria-current=${step === current ? "step" : undefined}>${open && step !== "key" && step !== current ? html`<button type="button" class="button plain" onClick=${() => open(step)}>${name}</button>` : html`<span class="button plain">${name}</span>`}</li>`;
    })}
  </ol></nav>`;
}
