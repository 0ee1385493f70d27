/** Over which payments money goes back: by the rule of the shop, or as somebody chooses. */
import { minor, typed } from "../../shared/amounts.js";
import { money } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";

/** @typedef {Record<string, string>} Chosen what was typed, by payment */

/** What may still go back over a payment, minor units. @param {any} payment */
export const left = (payment) => payment.captured.amount - payment.refunded.amount;

/** Payments between which there is a choice. @param {any} order @returns {any[]} */
export const choices = (order) => order.payments.filter((/** @type {any} */ each) => left(each) > 0);

/**
 * What the server is asked; null while the rule of the shop decides, or what was typed is not the whole amount.
 * @param {Chosen | null} chosen
 * @param {number} amount
 * @param {string} currency
 */
export function sharesOf(chosen, amount, currency) {
  if (!chosen) return null;
  const shares = Object.entries(chosen).map(([paymentId, text]) => ({ paymentId, amount: text.trim() ? minor(text, currency) ?? 0 : 0 })).filter((each) => each.amount > 0);
  return sum(shares) === amount ? shares : null;
}

/** @param {{amount: number}[]} shares */
const sum = (shares) => shares.reduce((total, each) => total + each.amount, 0);

/** All over one payment as far as it goes, the rest over the next ones. @param {any[]} payments @param {number} amount @param {string} currency @returns {Chosen} */
export function begun(payments, amount, currency) {
  let rest = amount;
  return Object.fromEntries(payments.map((each) => {
    const part = Math.min(rest, left(each));
    rest -= part;
    return [each.id, typed(part, currency)];
  }));
}

/** @param {{order: any, amount: number, chosen: import("@preact/signals").Signal<Chosen | null>}} props */
export function PayWays({ order, amount, chosen }) {
  const payments = choices(order);
  if (payments.length < 2) return null;
  const { currency } = order;
  const fits = !chosen.value || sharesOf(chosen.value, amount, currency);
  const turn = (/** @type {boolean} */ own) => () => { chosen.value = own ? begun(payments, amount, currency) : null; };
  return html`<fieldset><legend>${t("ways.title")}</legend>
    <p><label class="check"><input type="radio" name="way" checked=${!chosen.value} onChange=${turn(false)} /> ${t("ways.rule")}</label></p>
    <p><label class="check"><input type="radio" name="way" checked=${Boolean(chosen.value)} onChange=${turn(true)} /> ${t("ways.own")}</label></p>
    ${chosen.value && html`<div class="row">${payments.map((each) => html`<div key=${each.id} class="field"><label for=${`way-${each.id}`}>${each.label ?? t(`method.${each.kind}`)}</label>
      <input id=${`way-${each.id}`} inputmode="decimal" autocomplete="off" aria-describedby=${`way-${each.id}-hint`} value=${chosen.value?.[each.id] ?? ""}
        onInput=${(/** @type {Event} */ event) => { chosen.value = { ...chosen.value, [each.id]: /** @type {HTMLInputElement} */ (event.target).value }; }} />
      <span id=${`way-${each.id}-hint`} class="muted">${t("goodwill.available", { amount: money({ amount: left(each), currency }) })}</span></div>`)}</div>`}
    ${!fits && html`<p class="fault" role="status">${t("ways.sum", { amount: money({ amount, currency }) })}</p>`}
  </fieldset>`;
}
