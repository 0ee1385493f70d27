/** Amounts as people type them: comma or point, at most as many digits as the currency has. */
import { language } from "./messages.js";

/** Digits after the point of a currency. @param {string} currency */
export const digits = (currency) => new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;

/**
 * Minor units of what was typed; null for what is no amount.
 * @param {string} text
 * @param {string} currency
 */
export function minor(text, currency) {
  const found = /^\s*(\d{1,9})(?:[.,](\d+))?\s*$/.exec(text);
  const places = digits(currency);
  const rest = found?.[2] ?? "";
  if (!found || rest.length > places) return null;
  return Number(found[1]) * 10 ** places + Number(rest.padEnd(places, "0") || "0");
}

/** Minor units as somebody would type them. @param {number} amount @param {string} currency */
export function typed(amount, currency) {
  const places = digits(currency);
  return new Intl.NumberFormat(language.value, { minimumFractionDigits: places, maximumFractionDigits: places, useGrouping: false }).format(amount / 10 ** places);
}
