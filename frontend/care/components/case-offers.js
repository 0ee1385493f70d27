/** Articles that are not available: when all pieces could be promised after all, and what else there is to offer. */
import { ask } from "../../shared/api.js";
import { words } from "../../shared/components/failure.js";
import { date } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html, useEffect, useSignal } from "../../shared/ui.js";
import { isPage, orderAddress } from "../addresses.js";
import { MISSING, OFFERS } from "../operations/cases.js";

/** `wait` puts the case aside until a day; null where it may not be. @param {{orderId: string, wait: ((day: string) => void) | null}} props */
export function CaseOffers({ orderId, wait }) {
  const found = useSignal(/** @type {any} */ (null));
  const problem = useSignal(/** @type {any} */ (null));

  async function load() {
    const { order } = await ask(MISSING, { id: orderId });
    const lines = order.lines.filter((/** @type {any} */ line) => line.unallocated > 0);
    const items = lines.map((/** @type {any} */ line) => ({ sku: line.sku, quantity: line.unallocated }));
    const { availability } = items.length ? await ask(OFFERS, { channel: order.channel.code, items, country: order.country }) : { availability: [] };
    found.value = { order, lines, bySku: new Map(availability.map((/** @type {any} */ each) => [each.sku, each])) };
  }
  useEffect(() => {
    load().catch((failed) => { problem.value = failed; });
  }, [orderId]);

  if (problem.value) return html`<p class="notice bad">${words(problem.value)}</p>`;
  if (!found.value) return null;
  const { order, lines, bySku } = found.value;
  const change = orderAddress(order.number, "change");
  return html`<section class="stack" aria-label=${t("offers.title")}><h3>${t("offers.title")}</h3>
    ${!lines.length && html`<p>${t("offers.none")}</p>`}
    <ul role="list" class="stack">${lines.map((/** @type {any} */ line) => {
      const day = bySku.get(line.sku)?.missing ? null : bySku.get(line.sku)?.earliestOn;
      return html`<li key=${line.id} class="row"><span><strong>${line.unallocated} × ${line.name}</strong><br />${day ? t("offers.there", { day: date(day) }) : t("offers.nowhere")}</span>
        ${day && wait && html`<button type="button" class="button push" onClick=${() => wait(day)}>${t("offers.wait", { day: date(day) })}</button>`}</li>`;
    })}</ul>
    ${lines.length > 0 && html`<p class="muted">${t("offers.byItself")}</p>`}
    ${isPage(change) && html`<p><a class="button" href=${change}>${t("offers.change")}</a></p>`}
  </section>`;
}
