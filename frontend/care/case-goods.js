/** Which goods of an order a case is about, and whether they have left. Pure. */

/**
 * Pieces by line of the parcel, shipment or work that a case names; none where they have not left, or came back since.
 * @param {any} order
 * @param {Record<string, any>} facts
 * @returns {Record<string, number>}
 */
export function goodsOf(order, facts) {
  const named = namedBy(order, facts);
  const sum = /** @type {Record<string, number>} */ ({});
  for (const { orderLineId, quantity } of named) sum[orderLineId] = (sum[orderLineId] ?? 0) + quantity;
  const there = order.lines.map((/** @type {any} */ line) => [line.id, Math.min(sum[line.id] ?? 0, line.shipped - line.returned)]);
  return Object.fromEntries(there.filter((/** @type {[string, number]} */ [, count]) => count > 0));
}

/** @param {any} order @param {Record<string, any>} facts @returns {{orderLineId: string, quantity: number}[]} */
function namedBy(order, facts) {
  const sent = order.shipments.filter((/** @type {any} */ each) => !each.recalledAt);
  const linesOf = (/** @type {(shipment: any) => boolean} */ wanted) => sent.filter(wanted).flatMap((/** @type {any} */ each) => each.lines);
  const parcel = parcelOf(order, facts);
  if (parcel?.contents.length) return parcel.contents.map((/** @type {any} */ each) => ({ orderLineId: each.order_line_id, quantity: each.quantity }));
  if (parcel) return linesOf((each) => each.id === parcel.shipmentId);
  if (facts.shipment_id) return linesOf((each) => each.id === facts.shipment_id);
  return facts.fulfillment_order_id ? linesOf((each) => each.fulfillmentOrderId === facts.fulfillment_order_id) : [];
}

/** The parcel a case is about. @param {any} order @param {Record<string, any>} facts */
export const parcelOf = (order, facts) => order.fulfillmentOrders.flatMap((/** @type {any} */ each) => each.parcels).find((/** @type {any} */ each) => each.id === facts.parcel_id);

/** The work whose parcel it is. @param {any} order @param {Record<string, any>} facts */
export const workOfParcel = (order, facts) => order.fulfillmentOrders.find((/** @type {any} */ each) => each.parcels.some((/** @type {any} */ parcel) => parcel.id === facts.parcel_id));
