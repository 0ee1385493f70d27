/** The orders of the partner as they change, on whatever page one is; a new one calls. */
import { call } from "../shared/attention.js";
import { may, me } from "../shared/auth.js";
import { following, live } from "../shared/look-anew.js";
import { effect, untracked } from "../shared/ui.js";
import { ORDERS_CHANGED, ORDERS_SINCE } from "./operations.js";

/** @typedef {import("../shared/live.js").Update} Update */

export const ORDERS_LIVE = { name: "orders", subscription: ORDERS_CHANGED, query: ORDERS_SINCE };
const MOST_KNOWN = 10_000;

/** Orders this tab was told of as open: each calls once. @type {Set<string>} */
const known = new Set();

/** @param {Update} update */
function consider({ id, node }) {
  if (node?.state !== "OPEN" || known.has(id)) return;
  if (known.size > MOST_KNOWN) known.clear();
  known.add(id);
  call();
}

/** Follow for as long as somebody is signed in. */
export function watch() {
  return effect(() => {
    if (!me.value) live().then(({ stop }) => me.peek() || stop());
    else if (may("fulfillment:read")) untracked(() => following(ORDERS_LIVE, consider));
  });
}
