/** What is wished of goods that left, and what the server is asked by it. Pure. */

/** @typedef {{lineId: string, quantity: number, sku: string, way: string, reason: string}} ExchangeWish `sku` is empty while nothing is chosen, `reason` while nobody said why */

export const WAYS = ["AFTER_RETURN", "ADVANCE", "WITHOUT_RETURN"];
const OTHER_ARTICLE = ["TOO_SMALL", "TOO_LARGE", "CHANGED_MIND", "NOT_AS_DESCRIBED", "LATE", "OTHER"];
const SAME_ARTICLE = ["WRONG_ITEM", "DAMAGED", "NOT_AS_DESCRIBED", "OTHER"];

/** Why goods are given for others, or the same again; the first is what it is mostly. @param {boolean} replacement */
export const reasonsOf = (replacement) => (replacement ? SAME_ARTICLE : OTHER_ARTICLE);

/**
 * What the server is asked; null while nothing is chosen. The same article again is a replacement: it costs nothing.
 * @param {ExchangeWish | null} wish
 * @param {any} order
 */
export function exchangeInput(wish, order) {
  const line = order.lines.find((/** @type {any} */ each) => each.id === wish?.lineId);
  if (!wish?.sku || !line) return null;
  const replacement = wish.sku === line.sku;
  return {
    orderId: order.id, lines: [{ orderLineId: line.id, quantity: wish.quantity, sku: wish.sku }], way: wish.way, replacement,
    reason: reasonOf(wish, replacement),
  };
}

/** What was chosen, where it fits what is wished; else what it is mostly. @param {ExchangeWish} wish @param {boolean} replacement */
export function reasonOf(wish, replacement) {
  const reasons = reasonsOf(replacement);
  return reasons.includes(wish.reason) ? wish.reason : reasons[0];
}
