/** Other articles of the same product that can be promised, with the day. */
import { ask } from "../shared/api.js";
import { PRODUCT_OF, PROMISED, VARIANTS } from "./operations/change.js";

/**
 * @param {any} order
 * @param {any} line
 * @param {number} quantity
 * @returns {Promise<any[]>}
 */
export async function siblingsOf(order, line, quantity) {
  const { productVariant } = await ask(PRODUCT_OF, { sku: line.sku });
  if (!productVariant) return [];
  const { productVariants } = await ask(VARIANTS, { products: [productVariant.productId] });
  const rows = productVariants.nodes.filter((/** @type {any} */ each) => each.sku !== line.sku);
  if (!rows.length) return [];
  const items = rows.map((/** @type {any} */ each) => ({ sku: each.sku, quantity }));
  const { availability } = await ask(PROMISED, { channel: order.channel.code, items });
  const known = new Map(availability.map((/** @type {any} */ each) => [each.sku, each]));
  return rows.map((/** @type {any} */ each) => ({ ...each, ...known.get(each.sku) })).filter((/** @type {any} */ each) => each.quantity === null || each.earliestOn);
}
