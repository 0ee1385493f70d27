/** What can be chosen for pieces that nobody can send, and what the server is asked by it. Pure. */

/** The change that gives up the pieces without stock. @param {any} line */
export const cancelInput = (line) => ({ lines: [{ lineId: line.id, quantity: line.ordered - line.canceled - line.unallocated }], swaps: [], adds: [] });

/** The change that gives another article for them; null while none is chosen. @param {any} line @param {string} sku */
export const swapInput = (line, sku) => (sku ? { lines: [], swaps: [{ lineId: line.id, sku, quantity: line.unallocated }], adds: [] } : null);

/**
 * Places that have an article, and why none of them was chosen: by a hurdle (`reason`), because it has only a part, or because
 * nobody has looked since it has it.
 * @param {any} known what is available of the article
 * @param {any[]} places
 * @param {any} order with its decisions, the latest last
 * @returns {{locationId: string, name: string, quantity: number, expected: number, reason: string | null, known: "part" | "passed" | "notYet"}[]}
 */
export function placesOf(known, places, order) {
  const view = order.routingDecisions.at(-1)?.view;
  const dropped = new Map((view?.dropped ?? []).map((/** @type {any} */ each) => [each.locationId, each.reason]));
  const considered = new Map((view?.considered ?? []).map((/** @type {any} */ each) => [each.locationId, each.missing]));
  const all = new Map([...(known?.sources ?? []), ...(known?.pickups ?? [])].map((each) => [each.locationId, each]));
  return [...all.values()].map((each) => ({
    locationId: each.locationId, name: places.find((place) => place.id === each.locationId)?.name ?? each.location,
    quantity: each.quantity, expected: each.expected, reason: dropped.get(each.locationId) ?? null,
    known: considered.has(each.locationId) ? (considered.get(each.locationId) ? "part" : "passed") : "notYet",
  }));
}
