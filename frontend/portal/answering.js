/** What is done to orders from the inbox: each tells what came of it, for each order, and how it is taken back. */
import { change } from "../shared/api.js";
import { printed } from "../shared/print.js";
import { forget, remember } from "../shared/recent.js";
import { unanswered, words } from "../shared/components/failure.js";
import { tell } from "../shared/components/toast.js";
import { t } from "../shared/messages.js";
import { ACCEPT, ANSWER, PRINT, RECALL, REJECT, REJECT_PIECES, SHIP, WITHDRAW } from "./operations.js";

/** @typedef {{done: {id: string, number: string}[], failed: Map<string, string>}} Outcome */

/**
 * The outcome of a batch, by order. @param {string[]} ids
 * @param {{results: any[]}} changed
 * @returns {Outcome}
 */
function outcome(ids, { results }) {
  const done = results.filter((each) => each.fulfillmentOrder).map((each) => each.fulfillmentOrder);
  const failed = new Map(results.filter((each) => each.code).map((each) => [ids[each.index], each.message]));
  return { done, failed };
}

/**
 * Throws `Refused`.
 * @param {string[]} ids
 * @param {() => void} after what is to be read again when it is taken back
 */
export async function accept(ids, after) {
  const found = outcome(ids, await change(ACCEPT, { inputs: ids.map((id) => ({ fulfillmentOrderId: id })) }));
  told("accepted", found.done, after);
  return found;
}

/**
 * Throws `Refused`.
 * @param {string[]} ids
 * @param {{reason: string, note: string | null, sellsOut: boolean}} why
 * @param {() => void} after
 */
export async function reject(ids, why, after) {
  const found = outcome(ids, await change(REJECT, { inputs: ids.map((id) => ({ fulfillmentOrderId: id, ...why })) }));
  told("rejected", found.done, after);
  return found;
}

/**
 * Throws `Refused`.
 * @param {string} id
 * @param {{lineId: string, quantity: number, reason: string, note: string | null, sellsOut: boolean}[]} lines
 * @param {() => void} after
 */
export async function rejectPieces(id, lines, after) {
  const { fulfillmentOrder } = await change(REJECT_PIECES, { id, lines });
  told("rejected", [fulfillmentOrder], after);
}

/**
 * Throws `Refused`.
 * @param {string} id
 * @param {{accept: any[], later: any[], expectedOn: string | null, reject: any[]}} answer
 * @param {() => void} after
 */
export async function answerPieces(id, answer, after) {
  const { answered } = await change(ANSWER, { id, ...answer });
  told("answered", answered, after);
}

/**
 * Goods leave; within a minute that is taken back. Throws `Refused`.
 * @param {{id: string, number: string}} order
 * @param {any[]} parcels
 * @param {any[] | null} lines
 * @param {() => void} after
 */
export async function ship(order, parcels, lines, after) {
  const { shipment } = await change(SHIP, { id: order.id, parcels, lines });
  undoable(t("done.shipped", { number: order.number }), () => recall(shipment.id, after));
  return shipment;
}

/**
 * @param {string} shipmentId
 * @param {() => void} after
 */
export async function recall(shipmentId, after) {
  await attempt(async () => {
    await change(RECALL, { id: shipmentId });
    tell(t("done.recalled"));
  });
  after();
}

/**
 * @param {string} what
 * @param {{id: string, number: string}[]} done
 * @param {() => void} after
 */
function told(what, done, after) {
  if (!done.length) return;
  undoable(t(`done.${what}`, { count: done.length, number: done[0].number }), () => withdraw(done.map((each) => each.id), after));
}

/**
 * News with a way back, in the toast and for five minutes beside the list.
 * @param {string} text
 * @param {() => void} undo
 */
function undoable(text, undo) {
  const back = () => {
    forget(id);
    undo();
  };
  const id = remember(text, back);
  tell(text, { undo: back });
}

/**
 * @param {string[]} ids
 * @param {() => void} after
 */
async function withdraw(ids, after) {
  await attempt(async () => {
    const { done, failed } = outcome(ids, await change(WITHDRAW, { ids }));
    if (done.length) tell(t("done.withdrawn", { count: done.length, number: done[0].number }));
    for (const why of new Set(failed.values())) tell(why, { tone: "bad" });
  });
  after();
}

/** What goes wrong is told, never thrown. @param {() => Promise<void>} doing */
export async function attempt(doing) {
  try {
    await doing();
    return true;
  } catch (/** @type {any} */ refused) {
    tell(unanswered(refused) ? `${words(refused)} ${t("error.maybeChanged")}` : words(refused), { tone: "bad" });
    return false;
  }
}

/**
 * One file with papers of these kinds, in a tab the click opens; `first` is done before, and says for which orders.
 * @param {string[]} kinds
 * @param {() => Promise<string[]> | string[]} first
 * @param {{pickBy?: string}} [options]
 */
export function print(kinds, first, { pickBy } = {}) {
  return printed(async () => {
    const fulfillmentOrderIds = await first();
    if (!fulfillmentOrderIds.length) return null;
    const { url, missing } = await change(PRINT, { input: { fulfillmentOrderIds, kinds, ...(pickBy && { pickBy }) } });
    for (const each of new Set(missing.map((/** @type {{message: string}} */ paper) => paper.message))) tell(each, { tone: "bad" });
    return url;
  });
}
