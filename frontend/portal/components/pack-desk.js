/** The order that lies on the table: what is in the box, the parcels, the papers, and the way out. */
import { country } from "../../shared/format.js";
import { keyText, t } from "../../shared/messages.js";
import { useShortcuts } from "../../shared/shortcuts.js";
import { html, useSignal } from "../../shared/ui.js";
import { print } from "../answering.js";
import { isWhole, total } from "../packing.js";
import { Quantity } from "../../shared/components/quantity.js";
import { papersOf } from "./documents.js";

const PAPERS = ["DELIVERY_NOTE", "INVOICE", "RETURN_LABEL", "SHIPPING_LABEL"];
const USUAL = ["DELIVERY_NOTE"];
const CARRIERS = ["DHL", "DPD", "GLS", "Hermes", "UPS", "FedEx", "Österreichische Post", "Die Post", "PostNL"];

/**
 * @param {{order: any, counts: Record<string, number>, parcels: {carrier: string, trackingNumber: string}[], busy: boolean,
 *   count: (next: Record<string, number>) => void, parcel: (next: any[]) => void, add: () => void, ship: () => void, leave: () => void}} props
 */
export function PackDesk({ order, counts, parcels, busy, count, parcel, add, ship, leave }) {
  const papers = useSignal(new Set(USUAL));
  const whole = isWhole(order, counts);
  const address = order.shippingAddress;
  const printNow = () => void print(PAPERS.filter((kind) => papers.value.has(kind)), () => (papers.value.size ? [order.id] : []));
  useShortcuts([
    { keys: "Ctrl Enter", label: "pack.ship", run: ship, anywhere: true },
    { keys: "Ctrl +", label: "pack.addParcel", run: add, anywhere: true },
    { keys: "Ctrl p", label: "papers.print", run: printNow, anywhere: true },
  ]);
  const set = (/** @type {number} */ at, /** @type {Record<string, string>} */ news) => parcel(parcels.map((each, index) => (index === at ? { ...each, ...news } : each)));
  const toggle = (/** @type {string} */ kind) => () => {
    const next = new Set(papers.value);
    if (!next.delete(kind)) next.add(kind);
    papers.value = next;
  };
  return html`<section class="desk panel stack" aria-label=${order.number}>
    <div class="row"><h2>${order.number}</h2>
      ${address && html`<span>${[address.name, `${address.postalCode} ${address.city}`, country(address.country)].join(", ")}</span>`}
      <button type="button" class="button plain push" aria-label=${t("pack.leave")} onClick=${leave}>×</button></div>
    <ul role="list" class="lines">${order.lines.map((/** @type {any} */ line) => html`<li key=${line.id}>
      <span>${line.name}<br /><span class="muted">${line.sku}${line.gtin ? ` · ${line.gtin}` : ""}</span></span>
      <${Quantity} id=${`in-${line.id}`} label=${t("pack.inBox", { sku: line.sku, of: line.quantity })} value=${counts[line.id] ?? 0} max=${line.quantity} change=${(/** @type {number} */ value) => count({ ...counts, [line.id]: value })} />
    </li>`)}</ul>
    <datalist id="carriers">${CARRIERS.map((name) => html`<option key=${name} value=${name} />`)}</datalist>
    ${parcels.map((each, at) => html`<fieldset key=${at} class="row"><legend>${t("ship.parcel", { number: at + 1 })}</legend>
      <div class="field"><label for=${`pc-${at}`}>${t("ship.carrier")}</label><input id=${`pc-${at}`} list="carriers" maxlength="60" autocomplete="off" value=${each.carrier} onInput=${(/** @type {Event} */ event) => set(at, { carrier: /** @type {HTMLInputElement} */ (event.target).value })} /></div>
      <div class="field"><label for=${`pn-${at}`}>${t("ship.tracking")}</label><input id=${`pn-${at}`} maxlength="80" autocomplete="off" value=${each.trackingNumber} onInput=${(/** @type {Event} */ event) => set(at, { trackingNumber: /** @type {HTMLInputElement} */ (event.target).value })} /></div>
      ${parcels.length > 1 && html`<button type="button" class="button plain" aria-label=${t("pack.dropParcel", { number: at + 1 })} onClick=${() => parcel(parcels.filter((_, index) => index !== at))}>×</button>`}
    </fieldset>`)}
    <div class="row"><strong>${t("papers.title")}</strong>
      ${papersOf(PAPERS, order).map((kind) => html`<label key=${kind} class="check"><input type="checkbox" checked=${papers.value.has(kind)} onChange=${toggle(kind)} /> ${t(`papers.${kind}`)}</label>`)}
      <button type="button" class="button" onClick=${printNow}>${t("papers.print")}</button></div>
    <div class="row"><button type="button" class="button main" aria-disabled=${busy} onClick=${ship}>${whole ? t("pack.ship") : t("pack.shipPart", { count: total(counts) })} <kbd>${keyText("Ctrl ⏎")}</kbd></button>
      <button type="button" class="button" onClick=${add}>${t("pack.addParcel")}</button>
      <span class="muted">${whole ? t("ship.follows") : t("pack.restStays")}</span></div>
  </section>`;
}
