/** What a scan means at the packing table, and what of an order is in the box. Pure. */
import { relaid } from "../shared/scanner.js";

/** @typedef {Record<string, number>} Counts pieces in the box, by line */

/** A scan as it was read, and as it was meant on another keyboard. @param {string} text */
export const readings = (text) => [...new Set([text, relaid(text)])];

/**
 * The line of an order whose article bears this code: its number or its GTIN, leading zeros or not. Of several the one
 * with pieces missing.
 * @param {any} order
 * @param {Counts} counts
 * @param {string} text
 */
export function lineOf(order, counts, text) {
  const codes = readings(text).map((each) => each.toLowerCase());
  const plain = (/** @type {string} */ code) => code.replace(/^0+/, "");
  const fits = order.lines.filter((/** @type {any} */ line) => codes.some((code) => code === line.sku.toLowerCase() || (line.gtin && /^\d+$/.test(code) && plain(code) === plain(line.gtin))));
  return fits.find((/** @type {any} */ line) => (counts[line.id] ?? 0) < line.quantity) ?? fits[0] ?? null;
}

/** What was picked is in the box when packing begins; a short pick is not made up for. @param {any} order */
export function begun(order) {
  const short = order.lines.some((/** @type {any} */ line) => line.picked > 0 && line.picked < line.quantity);
  return /** @type {Counts} */ (Object.fromEntries(order.lines.map((/** @type {any} */ line) => [line.id, short ? line.picked : 0])));
}

/** Nobody counted, or everything is there. @param {any} order @param {Counts} counts */
export function isWhole(order, counts) {
  const inside = total(counts);
  return inside === 0 || inside === order.lines.reduce((/** @type {number} */ sum, /** @type {any} */ line) => sum + line.quantity, 0);
}

/** @param {Counts} counts */
export const total = (counts) => Object.values(counts).reduce((sum, count) => sum + count, 0);

/** The pieces that leave, as the server wants them: null for all. @param {any} order @param {Counts} counts */
export function leaving(order, counts) {
  if (isWhole(order, counts)) return null;
  return Object.entries(counts).filter(([, quantity]) => quantity > 0).map(([lineId, quantity]) => ({ lineId, quantity }));
}
