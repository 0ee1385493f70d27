/** What is wished of goods that left, and what the server is asked by it. Pure. */

/** @typedef {{lineId: string, quantity: number, sku: string, way: string}} ExchangeWish `sku` is empty while nothing is chosen */

export const WAYS = ["AFTER_RETURN", "ADVANCE", "WITHOUT_RETURN"];

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
    reason: replacement ? "WRONG_ITEM" : "TOO_SMALL",
  };
}
