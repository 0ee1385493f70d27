/** The orders of the partner as they change, on whatever page one is; a new one calls. */
import { call } from "../shared/attention.js";
import { may, me } from "../shared/auth.js";
import { effect, untracked } from "../shared/ui.js";
import { ORDERS_CHANGED, ORDERS_SINCE } from "./operations.js";

/** @typedef {import("../shared/live.js").Update} Update */

export const ORDERS_LIVE = { name: "orders", subscription: ORDERS_CHANGED, query: ORDERS_SINCE };
const MOST_KNOWN = 10_000;
const SOON = 150; // milliseconds: what changes together is read together

/** Orders this tab was told of as open: each calls once. @type {Set<string>} */
const known = new Set();

/** @param {Update} update */
function consider({ id, node }) {
  if (node?.state !== "OPEN" || known.has(id)) return;
  if (known.size > MOST_KNOWN) known.clear();
  known.add(id);
  call();
}

/** Loaded once the first screen is there. */
const live = () => import("../shared/live.js");

/** Follow for as long as somebody is signed in. */
export function watch() {
  return effect(() => {
    if (!me.value) live().then(({ stop }) => me.peek() || stop());
    else if (may("fulfillment:read")) untracked(() => following(ORDERS_LIVE, consider));
  });
}

/**
 * As `follow`, whether or not it is loaded yet.
 * @param {import("../shared/live.js").Topic} topic
 * @param {(update: Update) => void} changed
 */
function following(topic, changed) {
  const person = me.peek();
  let over = false;
  let leave = () => {};
  live().then(({ follow }) => {
    if (!over && me.peek() === person) leave = follow(topic, changed);
  });
  return () => {
    over = true;
    leave();
  };
}

/**
 * Look anew when something changed, however much at once; while the page is busy it waits. The end of it is what is
 * returned.
 * @param {import("../shared/live.js").Topic} topic
 * @param {() => void} look
 * @param {() => boolean} busy
 */
export function lookAnew(topic, look, busy) {
  let timer = 0;
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => (busy() ? soon() : look()), SOON);
  };
  const leave = following(topic, soon);
  return () => {
    clearTimeout(timer);
    leave();
  };
}
