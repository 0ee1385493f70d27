/** What a way costs, term by term: a bar and its number, so that neither eyes nor color are needed. */
import { money } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";

/** @param {{terms: any[], cost: any}} props */
export function CostBars({ terms, cost }) {
  const most = Math.max(1, ...terms.map((term) => Math.abs(term.amount.amount)));
  return html`<table class="bars"><caption class="unseen">${t("why.terms")}</caption><tbody>
    ${terms.map((term) => html`<tr key=${term.name}><th scope="row">${term.label}</th>
      <td aria-hidden="true"><svg viewBox="0 0 100 8" preserveAspectRatio="none"><rect class=${term.amount.amount < 0 ? "for" : "against"} height="8" width=${(100 * Math.abs(term.amount.amount)) / most} /></svg></td>
      <td class="number">${money(term.amount)}</td></tr>`)}
    <tr><th scope="row">${t("why.sum")}</th><td></td><td class="number"><strong>${money(cost)}</strong></td></tr></tbody></table>`;
}
