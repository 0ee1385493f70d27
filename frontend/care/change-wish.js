/** What is wished of an order while it is put together, and what the server is asked by it. Pure. */
import { piecesIn } from "./addresses.js";

/**
 * `keep` says by line how many pieces are wanted, `swap` how many of them as which article; `address` is null while the
 * order goes where it goes.
 * @typedef {{sku: string, quantity: number}} Add
 * @typedef {{keep: Record<string, number>, swap: Record<string, {sku: string, quantity: number}>, adds: Add[],
 *   address: Record<string, string> | null, delivery: {type: string, pickupLocation: string, fee: string} | null, requestedOn: string}} Wish
 */

export const ADDRESS_PARTS = ["name", "company", "street", "extra", "postalCode", "city", "country", "phone"];
const NEEDED = ["name", "street", "postalCode", "city", "country"];

/** @returns {Wish} */
export const nothing = () => ({ keep: {}, swap: {}, adds: [], address: null, delivery: null, requestedOn: "" });

/**
 * What an address wishes of an order: pieces to take off (`lines`), another address or a pick-up place (`do`, `store`).
 * @param {URLSearchParams} query
 * @param {any} order
 * @returns {Wish}
 */
export function wishedBy(query, order) {
  const off = piecesIn(query.get("lines"), order.lines, openOf);
  const keep = Object.fromEntries(order.lines.filter((/** @type {any} */ line) => off[line.id]).map((/** @type {any} */ line) => [line.id, wantedOf(line) - off[line.id]]));
  const to = query.get("do");
  return {
    ...nothing(), keep, address: to === "address" && order.deliveryType === "SHIP" ? addressOf(order) : null,
    delivery: to === "pickup" ? { type: "PICKUP", pickupLocation: query.get("store") ?? "", fee: "" } : null,
  };
}

/** Where an order goes, as a form has it. @param {any} order @returns {Record<string, string>} */
export function addressOf(order) {
  const from = order.shippingAddress ?? order.billingAddress ?? {};
  return Object.fromEntries(ADDRESS_PARTS.map((part) => [part, from[part] ?? ""]));
}

/** How many pieces of a line are wanted now. @param {any} line */
export const wantedOf = (line) => line.ordered - line.canceled;

/** How many of them have not left. @param {any} line */
export const openOf = (line) => line.ordered - line.canceled - line.shipped;

/**
 * What the server is asked; null while nothing is wished, or not all of it is told.
 * @param {Wish} wish
 * @param {any} order
 */
export function inputOf(wish, order) {
  const lines = order.lines.filter((/** @type {any} */ line) => !wish.swap[line.id] && (wish.keep[line.id] ?? wantedOf(line)) !== wantedOf(line))
    .map((/** @type {any} */ line) => ({ lineId: line.id, quantity: wish.keep[line.id] }));
  const swaps = Object.entries(wish.swap).filter(([, { sku }]) => sku).map(([lineId, { sku, quantity }]) => ({ lineId, sku, quantity }));
  const adds = wish.adds.filter(({ sku, quantity }) => sku.trim() && quantity > 0).map(({ sku, quantity }) => ({ sku: sku.trim(), quantity }));
  const address = wish.address && NEEDED.every((part) => wish.address?.[part]?.trim()) ? trimmed(wish.address) : null;
  const delivery = deliveryOf(wish, order);
  const requestedOn = wish.requestedOn || null;
  if (!(lines.length || swaps.length || adds.length || address || delivery || requestedOn)) return null;
  return { lines, swaps, adds, shippingAddress: address, delivery, requestedOn };
}

/** @param {Record<string, string>} address */
const trimmed = (address) => Object.fromEntries(ADDRESS_PARTS.filter((part) => address[part]?.trim()).map((part) => [part, address[part].trim()]));

/** @param {Wish} wish @param {any} order */
function deliveryOf({ delivery }, order) {
  if (!delivery || (delivery.type === order.deliveryType && delivery.type === "SHIP")) return null;
  if (delivery.type === "PICKUP") return delivery.pickupLocation ? { type: "PICKUP", pickupLocation: delivery.pickupLocation } : null;
  return { type: "SHIP", fee: cents(delivery.fee) };
}

/** An amount as people type it, in minor units. @param {string} text */
export function cents(text) {
  const amount = Number(text.replace(/\s/g, "").replace(",", "."));
  return Number.isFinite(amount) && amount > 0 ? String(Math.round(amount * 100)) : "0";
}

/** Why nothing of an order can be changed: the key of the words, null when something can. @param {any} order */
export function whyNot(order) {
  if (["CANCELED", "REJECTED", "CLOSED"].includes(order.state)) return "change.ended";
  return order.lines.some((/** @type {any} */ line) => openOf(line) > 0) ? null : "change.allLeft";
}

/** What differs between two previews, by the names of their figures. @param {any} before @param {any} after @returns {{name: string, before: any, after: any}[]} */
export function differences(before, after) {
  if (!before) return [];
  const figures = (/** @type {any} */ preview) => ({ totalAfter: preview.totalAfter, refund: preview.money.refund, toPay: preview.money.toPay, lostDiscount: preview.lostDiscount });
  const was = /** @type {Record<string, any>} */ (figures(before));
  return Object.entries(figures(after)).filter(([name, sum]) => sum.amount !== was[name].amount).map(([name, sum]) => ({ name, before: was[name], after: sum }));
}

/** Pieces of a line that left and did not come back. @param {any} line */
export const givenOf = (line) => line.shipped - line.returned;

/** The lines of which something can be exchanged. @param {any} order @returns {any[]} */
export const exchangeable = (order) => ["CANCELED", "REJECTED", "CLOSED"].includes(order.state) ? [] : order.lines.filter((/** @type {any} */ line) => line.kind === "PHYSICAL" && givenOf(line) > 0);
