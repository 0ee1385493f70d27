/** The lines of an order as they are to be: fewer or more pieces, another article, articles to add. */
import { words } from "../../shared/components/failure.js";
import { Quantity } from "../../shared/components/quantity.js";
import { tell } from "../../shared/components/toast.js";
import { date, money } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html, useSignal } from "../../shared/ui.js";
import { openOf, wantedOf } from "../change-wish.js";
import { siblingsOf } from "../siblings.js";

const MOST = 999;

/** @param {{order: any, wish: import("../change-wish.js").Wish, set: (wish: any) => void}} props */
export function ChangeLines({ order, wish, set }) {
  return html`<section class="part" aria-label=${t("change.lines")}><h2>${t("change.lines")}</h2>
    <ul role="list" class="lines">${order.lines.filter((/** @type {any} */ line) => wantedOf(line) > 0).map((/** @type {any} */ line) => html`<${Line} key=${line.id} order=${order} line=${line} wish=${wish} set=${set} />`)}</ul>
    <${Adds} wish=${wish} set=${set} />
  </section>`;
}

/** @param {{order: any, line: any, wish: import("../change-wish.js").Wish, set: (wish: any) => void}} props */
function Line({ order, line, wish, set }) {
  const others = useSignal(/** @type {any[] | null} */ (null));
  const swap = wish.swap[line.id];
  const opened = openOf(line);
  async function offer() {
    try {
      others.value = await siblingsOf(order, line, opened);
      set({ ...wish, swap: { ...wish.swap, [line.id]: { sku: "", quantity: opened } } });
    } catch (/** @type {any} */ refused) {
      tell(words(refused), { tone: "bad" });
    }
  }
  const back = () => set({ ...wish, swap: Object.fromEntries(Object.entries(wish.swap).filter(([id]) => id !== line.id)) });
  return html`<li class="wish">
    <div><strong>${line.name}</strong><br /><span class="muted">${line.sku} · ${money(line.unitPrice)}${line.shipped > 0 && html` · ${t("change.shipped", { count: line.shipped })}`}</span></div>
    ${opened > 0 && !swap && html`<${Quantity} id=${`keep-${line.id}`} label=${t("change.pieces", { name: line.name })} value=${wish.keep[line.id] ?? wantedOf(line)} min=${line.shipped}
      max=${line.bundleSku ? wantedOf(line) : MOST} change=${(/** @type {number} */ count) => set({ ...wish, keep: { ...wish.keep, [line.id]: count } })} />`}
    ${opened > 0 && !swap && html`<button type="button" class="button small" onClick=${offer} aria-label=${t("change.swapOne", { name: line.name })}>${t("change.swap")}</button>`}
    ${swap && html`<div class="row">
      <${Quantity} id=${`swap-${line.id}`} label=${t("change.swapPieces", { name: line.name })} value=${swap.quantity} min=${1} max=${opened}
        change=${(/** @type {number} */ quantity) => set({ ...wish, swap: { ...wish.swap, [line.id]: { ...swap, quantity } } })} />
      <div class="field"><label for=${`other-${line.id}`}>${t("change.other")}</label>
        <select id=${`other-${line.id}`} value=${swap.sku} onChange=${(/** @type {Event} */ event) => set({ ...wish, swap: { ...wish.swap, [line.id]: { ...swap, sku: /** @type {HTMLSelectElement} */ (event.target).value } } })}>
          <option value="">${t(others.value?.length === 0 ? "change.noOther" : "change.choose")}</option>
          ${(others.value ?? (swap.sku ? [{ sku: swap.sku, name: swap.sku }] : [])).map((each) => html`<option key=${each.sku} value=${each.sku}>${each.name} ${each.sku}${each.earliestOn ? ` · ${t("change.by", { day: date(each.earliestOn) })}` : ""}</option>`)}
        </select></div>
      <button type="button" class="button small" onClick=${back}>${t("change.notSwap")}</button>
    </div>`}
  </li>`;
}

/** @param {{wish: import("../change-wish.js").Wish, set: (wish: any) => void}} props */
function Adds({ wish, set }) {
  const put = (/** @type {number} */ at, /** @type {object} */ part) => set({ ...wish, adds: wish.adds.map((each, index) => (index === at ? { ...each, ...part } : each)) });
  return html`<div class="stack close">${wish.adds.map((each, at) => html`<div key=${at} class="row">
      <div class="field"><label for=${`add-${at}`}>${t("change.sku")}</label>
        <input id=${`add-${at}`} maxlength="80" autocomplete="off" value=${each.sku} onInput=${(/** @type {Event} */ event) => put(at, { sku: /** @type {HTMLInputElement} */ (event.target).value })} /></div>
      <${Quantity} id=${`more-${at}`} label=${t("change.addPieces")} value=${each.quantity} min=${1} max=${MOST} change=${(/** @type {number} */ quantity) => put(at, { quantity })} />
      <button type="button" class="button small" aria-label=${t("change.removeOne", { sku: each.sku })} onClick=${() => set({ ...wish, adds: wish.adds.filter((_, index) => index !== at) })}>${t("change.remove")}</button>
    </div>`)}
    <p><button type="button" class="button" onClick=${() => set({ ...wish, adds: [...wish.adds, { sku: "", quantity: 1 }] })}>${t("change.add")}</button></p>
  </div>`;
}
