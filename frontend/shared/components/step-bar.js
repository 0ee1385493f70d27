/** Where one is in a few steps. */
import { t } from "../messages.js";
import { html } from "../ui.js";

/** @param {{label: string, steps: string[], current: number}} props */
export function StepBar({ label, steps, current }) {
  return html`<ol role="list" class="steps" aria-label=${label}>${steps.map((step, at) => html`<li key=${step}
    class=${at < current ? "done" : undefined} aria-current=${at === current ? "step" : undefined}>
    <span class="mark" aria-hidden="true">${at < current ? "✓" : at + 1}</span>${step}${at < current && html`<span class="unseen"> (${t("state.done")})</span>`}
  </li>`)}</ol>`;
}
