/** The first stock file: looked at before it counts, good rows apply, bad ones are named. */
import { change } from "../../shared/api.js";
import { Failure } from "../../shared/components/failure.js";
import { t } from "../../shared/messages.js";
import { html, useSignal } from "../../shared/ui.js";
import { IMPORT_STOCK } from "../operations.js";

/** @param {{company: any, changed: () => Promise<void>, next: () => void}} props */
export function StockStep({ company, changed, next }) {
  const checked = useSignal(/** @type {{content: string, name: string, report: any} | null} */ (null));
  const problem = useSignal(/** @type {any} */ (null));
  const busy = useSignal(false);

  /** @param {string} content @param {boolean} dryRun */
  async function send(content, dryRun) {
    busy.value = true;
    problem.value = null;
    try {
      return await change(IMPORT_STOCK, { content, dryRun }, { again: true });
    } catch (refused) {
      problem.value = refused;
      return null;
    } finally {
      busy.value = false;
    }
  }

  async function look(/** @type {Event} */ event) {
    const [file] = /** @type {HTMLInputElement} */ (event.currentTarget).files ?? [];
    if (!file) return;
    checked.value = null;
    const content = await encoded(file);
    const report = await send(content, true);
    if (report) checked.value = { content, name: file.name, report };
  }

  async function apply(/** @type {SubmitEvent} */ event) {
    event.preventDefault();
    if (busy.value || !checked.value || !(await send(checked.value.content, false))) return;
    await changed();
    next();
  }

  const place = company.places[0]?.code ?? "PLACE";
  const template = `data:text/csv;charset=utf-8,${encodeURIComponent(`location;sku;quantity\n${place};SKU-1;10\n`)}`;
  return html`<form class="stack" onSubmit=${apply}>
    ${company.hasStock && html`<p class="notice">${t("stockStep.there")}</p>`}
    <div class="field"><label for="stock-file">${t("stockStep.file")}</label>
      <input id="stock-file" type="file" accept=".csv,.xlsx,.txt" onChange=${look} aria-describedby="stock-hint" />
      <span id="stock-hint" class="muted">${t("stockStep.hint")}</span></div>
    <p><a href=${template} download="stock.csv">${t("stockStep.template")}</a></p>
    ${problem.value && html`<${Failure} problem=${problem.value} />`}
    <div role="status">${busy.value && t("state.loading")}${checked.value && html`<${Report} report=${checked.value.report} />`}</div>
    <div class="row">${checked.value && html`<button class="button main" aria-disabled=${busy.value}>${t("stockStep.apply", { count: ready(checked.value.report) })}</button>`}</div>
  </form>`;
}

/** @param {any} report */
const ready = (report) => report.created + report.updated;

/** @param {{report: any}} props */
function Report({ report }) {
  return html`<div class="stack"><p>${t("stockStep.report", { rows: report.rows, ready: ready(report), same: report.unchanged, refused: report.refused })}</p>
    ${report.problems.length > 0 && html`<ul>${report.problems.slice(0, 20).map((/** @type {any} */ each) => html`<li key=${each.line}>${t("stockStep.line", { line: each.line, key: each.key })} ${each.message}</li>`)}</ul>`}
  </div>`;
}

/** The bytes of a file as base64, whatever their encoding. @param {File} file @returns {Promise<string>} */
function encoded(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).split(",")[1] ?? "");
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
