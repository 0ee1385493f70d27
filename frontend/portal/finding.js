/** What a scan at the packing station leads to. */
import { ask } from "../shared/api.js";
import { SCANNED } from "./operations.js";
import { readings } from "./packing.js";

/** Orders that bear what was read: their number, their customer order's, or a parcel's (`parceledToo`). @param {string} text @param {boolean} parceledToo @returns {Promise<any[]>} */
export async function bearing(text, parceledToo) {
  for (const read of readings(text)) {
    const { numbered, ordered, parceled } = await ask(SCANNED, { byNumber: { numbers: [read] }, byOrder: { orderNumber: read }, byParcel: { trackingNumber: read } });
    const found = [...numbered.nodes, ...ordered.nodes, ...(parceledToo ? parceled.nodes : [])];
    if (found.length) return found;
  }
  return [];
}
