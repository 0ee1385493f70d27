/** What can be done with the selected orders at once; what fails stays selected with its reason. */
import { csvOf, download } from "../../shared/csv.js";
import { country } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { go } from "../../shared/router.js";
import { useShortcuts } from "../../shared/shortcuts.js";
import { html, useSignal } from "../../shared/ui.js";
import { accept, attempt, print, reject } from "../answering.js";
import { ReasonForm } from "./reason-form.js";

const PAPERS = ["PICK_LIST", "DELIVERY_NOTE"];

/**
 * @param {{rows: any[], tab: string, settle: (failed: Map<string, string>) => Promise<void>, changed: () => void, clear: () => void}} props
 */
export function SelectionBar({ rows, settle, changed, clear }) {
  const busy = useSignal(false);
  const rejecting = useSignal(false);
  const ids = rows.map((row) => row.id);
  const open = rows.length > 0 && rows.every((row) => row.state === "OPEN");
  const toPack = rows.some((row) => ["ACCEPTED", "PICKED", "PACKED"].includes(row.state));

  /** @param {() => Promise<void>} doing */
  async function once(doing) {
    if (busy.value) return;
    busy.value = true;
    await attempt(doing);
    busy.value = false;
  }
  const acceptAll = () => once(async () => {
    const { failed } = await accept(ids, changed);
    await settle(failed);
  });
  const acceptAndPrint = () => {
    if (busy.value) return;
    busy.value = true;
    print(PAPERS, async () => {
      const { done, failed } = await accept(ids, changed);
      settle(failed);
      return done.map((each) => each.id);
    }).finally(() => { busy.value = false; });
  };
  const rejectAll = (/** @type {any} */ why) => once(async () => {
    const { failed } = await reject(ids, why, changed);
    rejecting.value = false;
    await settle(failed);
  });
  useShortcuts([
    ...(open ? [{ keys: "a", label: "bulk.acceptPrint", run: acceptAndPrint }, { keys: "r", label: "bulk.reject", run: () => { rejecting.value = true; } }] : []),
    { keys: "p", label: "bulk.print", run: () => void print(PAPERS, () => ids) },
  ]);

  return html`<section class="bar stack" aria-label=${t("bulk.title")} data-keys>
    <div class="row"><strong role="status">${t("bulk.count", { count: rows.length })}</strong>
      ${open && html`<button type="button" class="button main" aria-disabled=${busy.value} onClick=${acceptAndPrint}>${t("bulk.acceptPrint")}</button>
        <button type="button" class="button" aria-disabled=${busy.value} onClick=${acceptAll}>${t("bulk.accept")}</button>
        <button type="button" class="button" aria-expanded=${rejecting.value} onClick=${() => { rejecting.value = !rejecting.value; }}>${t("bulk.reject")}</button>`}
      ${toPack && html`<button type="button" class="button main" onClick=${() => go(`/portal/pick?orders=${ids.join(",")}`)}>${t("bulk.pick")}</button>`}
      <button type="button" class="button" onClick=${() => void print(PAPERS, () => ids)}>${t("bulk.print")}</button>
      <button type="button" class="button" onClick=${() => download(`${t("bulk.file")}.csv`, csvOf(tableOf(rows)))}>${t("bulk.export")}</button>
      <button type="button" class="button plain push" aria-label=${t("bulk.clear")} onClick=${clear}>×</button></div>
    ${rejecting.value && html`<${ReasonForm} lines=${rows.flatMap((row) => row.lines.map((/** @type {any} */ line) => ({ ...line, locationId: row.locationId })))}
      busy=${busy.value} done=${rejectAll} leave=${() => { rejecting.value = false; }} />`}
  </section>`;
}

/** The selection line by line, as a spreadsheet wants it. @param {any[]} rows */
export function tableOf(rows) {
  const names = ["number", "order", "state", "due", "city", "country", "sku", "name", "pieces"];
  const lines = rows.flatMap((row) => row.lines.map((/** @type {any} */ line) => [
    row.number, row.orderNumber, t(`order.state.${row.state}`), row.dueAt, row.shippingAddress?.city ?? "",
    row.shippingAddress ? country(row.shippingAddress.country) : "", line.sku, line.name, line.quantity,
  ]));
  return [names.map((name) => t(`csv.${name}`)), ...lines];
}
