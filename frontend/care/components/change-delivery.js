/** Where, how and when an order goes instead. */
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";
import { ADDRESS_PARTS, addressOf } from "../change-wish.js";

/** @param {{order: any, places: any[], wish: import("../change-wish.js").Wish, set: (wish: any) => void}} props */
export function ChangeDelivery({ order, places, wish, set }) {
  const way = wish.delivery?.type ?? order.deliveryType;
  const stores = places.filter((each) => each.canPickup && each.active);
  const value = (/** @type {Event} */ event) => /** @type {HTMLInputElement | HTMLSelectElement} */ (event.target).value;
  const deliver = (/** @type {object} */ part) => set({ ...wish, delivery: { type: way, pickupLocation: "", fee: "", ...wish.delivery, ...part } });
  const turn = (/** @type {Event} */ event) => set({ ...wish, address: /** @type {HTMLInputElement} */ (event.target).checked ? addressOf(order) : null });
  return html`<section class="part" aria-label=${t("change.delivery")}><h2>${t("change.delivery")}</h2>
    <div class="row">
      <div class="field"><label for="change-way">${t("change.way")}</label>
        <select id="change-way" value=${way} onChange=${(/** @type {Event} */ event) => deliver({ type: value(event) })}>
          <option value="SHIP">${t("change.SHIP")}</option><option value="PICKUP" disabled=${!stores.length}>${t("change.PICKUP")}</option></select></div>
      ${way === "PICKUP" && html`<div class="field"><label for="change-store">${t("change.store")}</label>
        <select id="change-store" value=${wish.delivery?.pickupLocation || (places.find((each) => each.id === order.pickupLocationId)?.code ?? "")} onChange=${(/** @type {Event} */ event) => deliver({ pickupLocation: value(event) })}>
          <option value="">${t("change.chooseStore")}</option>${stores.map((each) => html`<option key=${each.code} value=${each.code}>${each.name}${each.city && `, ${each.city}`}</option>`)}</select></div>`}
      ${way === "SHIP" && order.deliveryType === "PICKUP" && html`<div class="field"><label for="change-fee">${t("change.fee", { currency: order.currency })}</label>
        <input id="change-fee" inputmode="decimal" autocomplete="off" value=${wish.delivery?.fee ?? ""} onInput=${(/** @type {Event} */ event) => deliver({ fee: value(event) })} /></div>`}
      <div class="field"><label for="change-day">${t("change.requestedOn")}</label>
        <input id="change-day" type="date" value=${wish.requestedOn} onInput=${(/** @type {Event} */ event) => set({ ...wish, requestedOn: value(event) })} /></div>
    </div>
    ${way === "SHIP" && html`<label class="check"><input type="checkbox" checked=${Boolean(wish.address)} onChange=${turn} /> ${t("change.elsewhere")}</label>`}
    ${way === "SHIP" && wish.address && html`<fieldset class="address"><legend>${t("change.address")}</legend>${ADDRESS_PARTS.map((part) => html`<div key=${part} class="field"><label for=${`address-${part}`}>${t(`change.address.${part}`)}</label>
      <input id=${`address-${part}`} autocomplete="off" maxlength=${part === "country" ? 2 : 200} value=${wish.address?.[part] ?? ""}
        onInput=${(/** @type {Event} */ event) => set({ ...wish, address: { ...wish.address, [part]: part === "country" ? value(event).toUpperCase() : value(event) } })} /></div>`)}</fieldset>`}
  </section>`;
}
