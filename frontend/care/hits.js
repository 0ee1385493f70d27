/** Where hits of a search lead. Pure. */
import { orderAddress } from "./addresses.js";

/** The address of a customer. @param {string} key id or number */
export const customerAddress = (key) => `/care/customers/${encodeURIComponent(key)}`;

/**
 * The address a hit leads to; null where who asks may not see the customer.
 * @param {any} hit
 * @returns {string | null}
 */
export function leadsTo(hit) {
  if (hit.order) return orderAddress(hit.order.number);
  return hit.person?.id ? customerAddress(hit.person.id) : null;
}

/**
 * The address when there is no doubt: a single hit, found as it was typed or by one slip.
 * @param {{tooMany: boolean, hits: any[]}} found
 */
export function only(found) {
  return found.hits.length === 1 && !found.tooMany ? leadsTo(found.hits[0]) : null;
}

/** The term of a telephone link: `tel:` is taken off. @param {string | null} text */
export const termOf = (text) => (text ?? "").replace(/^tel:/i, "").trim();
