/** The walk through a place: what is to be taken from which shelf, for which orders. Pure. */

const HERE = ["ACCEPTED", "PICKED"];
const OVER = ["PACKED", "SHIPPED", "DELIVERED", "READY_FOR_PICKUP", "PICKED_UP"];
const compare = new Intl.Collator("en", { numeric: true }).compare;

/**
 * @typedef {{orderId: string, number: string, lineId: string, quantity: number, picked: number}} Take
 * @typedef {{key: string, shelf: string, sku: string, gtin: string | null, name: string, gone: boolean, quantity: number, picked: number, locationId: string, takes: Take[]}} Row
 */

/**
 * Rows in the order of the walk: article by article with the sum over all orders, or order by order. What was called off
 * meanwhile is `gone`: what of it is in hand goes back. What is packed already is no work of the walk.
 * @param {any[]} orders
 * @param {{locationId: string, variantId: string, shelf: string}[]} shelves
 * @param {"shelf" | "order"} by
 * @returns {Row[]}
 */
export function rowsOf(orders, shelves, by) {
  const places = new Map(shelves.map((each) => [`${each.locationId} ${each.variantId}`, each.shelf]));
  /** @type {Map<string, Row>} */
  const rows = new Map();
  for (const order of orders.filter((each) => !OVER.includes(each.state))) {
    const gone = !HERE.includes(order.state) || order.cancelRequested;
    for (const line of order.lines.filter((/** @type {any} */ each) => !gone || each.picked > 0 || HERE.includes(order.state))) {
      const article = `${order.locationId} ${line.variantId}`;
      const key = `${by === "order" ? order.number : ""} ${article} ${gone}`;
      const row = rows.get(key) ?? { key, shelf: places.get(article) ?? "", sku: line.sku, gtin: line.gtin, name: line.name, gone, quantity: 0, picked: 0, locationId: order.locationId, takes: [] };
      rows.set(key, {
        ...row, quantity: row.quantity + line.quantity, picked: row.picked + line.picked,
        takes: [...row.takes, { orderId: order.id, number: order.number, lineId: line.id, quantity: line.quantity, picked: line.picked }],
      });
    }
  }
  const first = (/** @type {Row} */ row) => (by === "order" ? row.takes[0].number : row.shelf || "\uffff");
  return [...rows.values()].sort((one, other) => compare(first(one), first(other)) || compare(one.shelf, other.shelf) || compare(one.sku, other.sku));
}

/**
 * What to report so that so many pieces of a row are in hand: full orders first, so that most can leave.
 * @param {Row} row
 * @param {number} pieces
 */
export function spread(row, pieces) {
  let left = pieces;
  return row.takes.map((take) => {
    const quantity = Math.min(take.quantity, left);
    left -= quantity;
    return { orderId: take.orderId, lineId: take.lineId, quantity };
  });
}
