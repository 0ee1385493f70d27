/** What the address of the inbox asks for: its tab, search, filters and order. Pure, so that saved views count alike. */
import { startOf } from "../shared/format.js";

/** @typedef {{filter: Record<string, any>, sort: string}} Asked */

const BUSY = ["OPEN", "ACCEPTED", "PICKED", "PACKED"];

/** @type {Record<string, (now: number) => Asked>} */
const TABS = {
  new: () => ({ filter: { states: ["OPEN"] }, sort: "DUE_AT" }),
  pack: () => ({ filter: { states: ["ACCEPTED", "PICKED", "PACKED"] }, sort: "DUE_AT" }),
  problems: (now) => ({ filter: { problemsAt: moment(now) }, sort: "DUE_AT" }),
  shipped: () => ({ filter: { states: ["SHIPPED", "DELIVERED"] }, sort: "UPDATED_AT_DESC" }),
  all: () => ({ filter: {}, sort: "CREATED_AT_DESC" }),
};
export const TAB_NAMES = Object.keys(TABS);
export const COUNTED_TABS = ["new", "pack", "problems"];
export const SORTS = ["DUE_AT", "CREATED_AT", "CREATED_AT_DESC", "NUMBER", "UPDATED_AT_DESC"];
export const DUES = ["late", "soon", "today"];
/** Names of the address that narrow, beside the tab and the search. */
export const FILTERS = ["due", "to", "article", "since"];

/** @param {number} milliseconds */
const moment = (milliseconds) => new Date(milliseconds).toISOString();

/** @param {URLSearchParams} query */
export const tabOf = (query) => (TAB_NAMES.includes(query.get("tab") ?? "") ? String(query.get("tab")) : "new");

/**
 * What an address wants of the list at this moment (milliseconds).
 * @param {URLSearchParams} query
 * @param {number} now
 * @returns {Asked}
 */
export function askedBy(query, now) {
  const { filter, sort } = TABS[tabOf(query)](now);
  const since = startOf(query.get("since") ?? "");
  const due = dueBefore(query.get("due"), now);
  const wanted = {
    ...filter,
    ...(query.get("q") && { search: query.get("q") }),
    ...(query.get("to") && { shipTo: query.get("to") }),
    ...(query.get("article") && { article: query.get("article") }),
    ...(due && { dueBefore: due, states: filter.states ?? BUSY }),
    ...(since && { changedSince: since }),
  };
  const order = query.get("sort") ?? "";
  return { filter: wanted, sort: SORTS.includes(order) ? order : sort };
}

/**
 * @param {string | null} due
 * @param {number} now
 */
function dueBefore(due, now) {
  if (due === "late") return moment(now);
  if (due === "soon") return moment(now + 4 * 3_600_000);
  if (due !== "today") return null;
  const midnight = new Date(now);
  midnight.setHours(24, 0, 0, 0);
  return midnight.toISOString();
}

/** What of an address a view keeps: not which order is open beside the list. @param {URLSearchParams} query */
export function viewOf(query) {
  const kept = new URLSearchParams();
  for (const name of ["tab", "q", ...FILTERS, "sort"]) {
    const value = query.get(name);
    if (value) kept.set(name, value);
  }
  return kept.toString();
}
