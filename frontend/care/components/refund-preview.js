/** What would happen, before it does: the sum, what of it each rule gives or keeps, and the way it goes. */
import { words } from "../../shared/components/failure.js";
import { money } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";

/** @param {{preview: any, children?: any}} props */
export function Preview({ preview, children }) {
  const { shown, problem, waiting } = preview;
  return html`<section class="panel stack" aria-label=${t("refund.preview")} aria-busy=${waiting.value}>
    <h2>${t("refund.preview")}</h2>
    <div aria-live="polite" class="stack">${problem.value ? html`<p class="fault">${words(problem.value)}</p>` : !shown.value && html`<p class="muted">${t("refund.choose")}</p>`}
      ${shown.value && children}</div>
  </section>`;
}

/** What is due for goods. @param {{due: any, names: Record<string, string>, text: string}} props */
export function Due({ due, names, text }) {
  return html`<ul role="list" class="lines">
    ${due.lines.map((/** @type {any} */ line) => html`<li key=${line.orderLineId}><span>${line.quantity} × ${names[line.orderLineId]}</span><span class="number">${money(line.gross)}</span></li>`)}
    ${due.explanations.map((/** @type {any} */ each) => html`<li key=${each.rule}><span>${each.text}</span><span class="number">${money(each.amount)}</span></li>`)}
    <li><strong>${t("refund.sum")}</strong><strong class="number">${money(due.amount)}</strong></li></ul>
    <p>${text}</p>`;
}
