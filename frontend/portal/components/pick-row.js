/** An article of the walk: from which shelf, how many, for whom; ticked, taken short, or to be put back. */
import { Quantity } from "../../shared/components/quantity.js";
import { t } from "../../shared/messages.js";
import { html, useSignal } from "../../shared/ui.js";
import { ReasonForm } from "./reason-form.js";

/** @param {{row: import("../picking.js").Row, pick: (pieces: number) => void, reject: (why: any) => Promise<void>}} props */
export function PickRow({ row, pick, reject }) {
  const short = useSignal(false);
  const busy = useSignal(false);
  const all = row.picked === row.quantity;
  const whom = row.takes.map((take) => `${take.number} ×${take.quantity}`).join(", ");
  if (row.gone) {
    return html`<li class="pick gone"><span class="shelf">${row.shelf}</span>
      <span><s>${row.name} ×${row.quantity}</s><br /><span class="muted">${row.sku} · ${whom}</span></span>
      <strong>${t("pick.putBack", { count: row.picked })}</strong></li>`;
  }
  const missing = async (/** @type {any} */ why) => {
    busy.value = true;
    await reject(why);
    busy.value = false;
    short.value = false;
  };
  return html`<li class=${`pick ${all ? "done" : ""}`}>
    <label class="check"><input type="checkbox" checked=${all} onChange=${() => pick(all ? 0 : row.quantity)} />
      <span class="shelf">${row.shelf || "–"}</span> <span>${row.name} <strong>×${row.quantity}</strong><br /><span class="muted">${row.sku}${row.gtin ? ` · ${row.gtin}` : ""} · ${whom}</span></span></label>
    <span class="number" aria-label=${t("pick.inHand")}>${row.picked}/${row.quantity}</span>
    <button type="button" class="button small" aria-expanded=${short.value} aria-label=${t("pick.shortOf", { sku: row.sku })} onClick=${() => { short.value = !short.value; }}>${t("pick.short")}</button>
    ${short.value && html`<div class="whole stack">
      <${Quantity} id=${`found-${row.takes[0].lineId}`} label=${t("pick.found")} value=${row.picked} max=${row.quantity} change=${pick} />
      <p>${t("pick.shortHow")}</p>
      ${!all && html`<${ReasonForm} lines=${[{ sku: row.sku, name: row.name, quantity: row.quantity - row.picked, locationId: row.locationId }]} busy=${busy.value} done=${missing} leave=${() => { short.value = false; }} />`}</div>`}
  </li>`;
}
