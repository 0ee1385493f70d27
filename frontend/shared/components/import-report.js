/** What became of the lines of a file, or would: how many ended how, and the first of those worth a look. */
import { t } from "../messages.js";
import { html } from "../ui.js";
import { StatusPill } from "./status-pill.js";

/** @type {Record<string, "info" | "ok" | "warn" | "bad">} */
const TONES = { UNKNOWN: "bad", WRONG: "bad", REFUSED: "bad", DOUBLED: "bad", ZERO: "warn", SAME: "info", UNCHANGED: "info", EMPTY: "info" };
const ORDER = ["ok", "warn", "info", "bad"];

/** @typedef {{line: number, key: string, outcome: string, field: string, message: string}} Finding */

/**
 * `name` says an ending in words, `title` what a field is called.
 * @param {{counts: {outcome: string, count: number}[], findings: Finding[], name: (outcome: string) => string, title?: (field: string) => string}} props
 */
export function ImportReport({ counts, findings, name, title = (field) => field }) {
  const rank = (/** @type {{outcome: string}} */ each) => ORDER.indexOf(TONES[each.outcome] ?? "ok");
  const sorted = [...counts].sort((one, other) => rank(one) - rank(other));
  return html`<div class="stack">
    <ul role="list" class="row" aria-label=${t("import.counts")}>${sorted.map(({ outcome, count }) => html`<li key=${outcome}>
      <${StatusPill} tone=${TONES[outcome] ?? "ok"}>${t("import.count", { count, name: name(outcome) })}<//></li>`)}</ul>
    ${findings.length > 0 && html`<div class="table" tabindex="0" role="region" aria-label=${t("import.findings")}><table>
      <thead><tr><th scope="col" class="number">${t("import.line")}</th><th scope="col">${t("import.key")}</th><th scope="col">${t("import.ending")}</th><th scope="col">${t("import.why")}</th></tr></thead>
      <tbody>${findings.map((each) => html`<tr key=${`${each.line} ${each.outcome}`}><td class="number" data-label=${t("import.line")}>${each.line}</td><td data-label=${t("import.key")}>${each.key}</td><td data-label=${t("import.ending")}>${name(each.outcome)}</td>
        <td data-label=${t("import.why")}>${each.message} ${each.message && each.field && html`<span class="muted">(${title(each.field)})</span>`}</td></tr>`)}</tbody>
    </table></div>`}
  </div>`;
}
