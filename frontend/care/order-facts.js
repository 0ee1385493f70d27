/** What follows from an order's data: where its pieces are, what is late, what of the money is where. Pure. */

/** @typedef {"info" | "ok" | "warn" | "bad"} Tone */

/** Reasons that Kontor gives itself, as they are kept, and the names of their words for people. */
const OURS = /** @type {Record<string, string>} */ ({
  "risk review": "riskReview",
  "the payments do not cover the order": "uncovered",
  "the payments do not cover the order any more": "uncoveredNow",
  "a change of the order is not paid for yet": "changeUnpaid",
  "a change of the order waits for the answer of a place": "changeAsked",
  PLACED_WITHOUT_STOCK: "noStock",
  ADDED_WITHOUT_STOCK: "addedWithoutStock",
});
const GONE = ["REJECTED", "CANCELED"];
const LEFT = ["SHIPPED", "DELIVERED", "PICKED_UP"];
const MOVABLE = ["SCHEDULED", "OPEN", "ACCEPTED", "ON_HOLD"];

/** Work at places that still counts. @param {any} order @returns {any[]} */
export const workOf = (order) => order.fulfillmentOrders.filter((/** @type {any} */ each) => !GONE.includes(each.state));

/**
 * Whether work has not left in time: past what was agreed with its place, or past the day the customer was promised.
 * @param {any} work
 * @param {number} now milliseconds
 */
export function isLate(work, now) {
  if (GONE.includes(work.state) || LEFT.includes(work.state) || work.state === "READY_FOR_PICKUP") return false;
  const today = new Date(now).toISOString().slice(0, 10);
  return Boolean((work.shipDueAt && new Date(work.shipDueAt).getTime() < now) || (work.promisedOn && work.promisedOn < today));
}

/** Whether work can still go to another place. @param {any} work */
export const isMovable = (work) => MOVABLE.includes(work.state);

/** Where the pieces of a line are: each place with its work and how many. @param {any} order @param {string} lineId */
export function whereIs(order, lineId) {
  return workOf(order).flatMap((work) => {
    const quantity = work.lines.filter((/** @type {any} */ line) => line.orderLineId === lineId).reduce(sumOf("quantity"), 0);
    return quantity ? [{ work, quantity }] : [];
  });
}

/**
 * What became of the pieces of a line, by count; `key` names the words.
 * @param {any} line
 * @param {boolean} late
 * @returns {{key: string, count: number, tone: Tone}[]}
 */
export function statesOf(line, late) {
  const kept = line.delivered - Math.min(line.returned, line.delivered);
  const all = /** @type {[string, number, Tone][]} */ ([
    ["delivered", kept, "ok"],
    ["returned", line.returned, "info"],
    ["shipped", line.shipped - line.delivered - Math.max(0, line.returned - line.delivered), "ok"],
    ["late", late ? line.allocated : 0, "bad"],
    ["allocated", late ? 0 : line.allocated, "info"],
    ["backordered", line.backordered, "warn"],
    ["unallocated", line.unallocated, "bad"],
    ["canceled", line.canceled, "info"],
  ]);
  return all.filter(([, count]) => count > 0).map(([key, count, tone]) => ({ key, count, tone }));
}

/**
 * How far a line is paid: what was invoiced of it and paid, or the whole order is.
 * @param {any} order
 * @param {any} line
 * @returns {"paid" | "partly" | "open" | "nothing"}
 */
export function paidOf(order, line) {
  if (line.canceled === line.ordered) return "nothing";
  if (["FULL", "OVERCHARGED"].includes(order.chargeStatus)) return "paid";
  const settled = new Set(order.invoices.filter((/** @type {any} */ each) => each.state === "PAID").map((/** @type {any} */ each) => each.shipmentId));
  const pieces = order.shipments.filter((/** @type {any} */ each) => settled.has(each.id)).flatMap((/** @type {any} */ each) => each.lines);
  const count = pieces.filter((/** @type {any} */ each) => each.orderLineId === line.id).reduce(sumOf("quantity"), 0);
  return count === 0 ? "open" : count >= line.ordered - line.canceled ? "paid" : "partly";
}

/** Sums of money in minor units, all in the order's currency. @param {any} order */
export function moneyOf(order) {
  const add = (/** @type {any[]} */ rows, /** @type {string} */ name) => rows.reduce((sum, row) => sum + row[name].amount, 0);
  const { invoices, creditNotes, payments, refunds } = order;
  const owed = add(invoices, "gross") - add(invoices, "paid") - add(invoices, "credited") - add(invoices, "writtenOff");
  const { currency } = order.total;
  const found = {
    invoiced: add(invoices, "gross"),
    credited: add(creditNotes, "gross"),
    captured: add(payments, "captured"),
    refunded: add(payments, "refunded"),
    refunding: add(refunds.filter((/** @type {any} */ each) => ["AWAITING_APPROVAL", "REQUESTED"].includes(each.state)), "amount"),
    open: Math.max(0, owed),
  };
  return /** @type {Record<keyof typeof found, {amount: number, currency: string}>} */ (
    Object.fromEntries(Object.entries(found).map(([name, amount]) => [name, { amount, currency }]))
  );
}

/** @param {string} name */
const sumOf = (name) => (/** @type {number} */ sum, /** @type {any} */ row) => sum + row[name];

/** The name of the words for a reason that Kontor gave itself; null for one that somebody wrote. @param {string} reason */
export const ourReason = (reason) => OURS[reason] ?? null;
