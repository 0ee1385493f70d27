/** Limits of goodwill while they are typed: from what the API says to fields and back, and what differs. Pure. */
import { minor, typed as asTyped } from "../shared/amounts.js";

/** Those who may give goodwill. */
export const ROLES = ["CARE_AGENT", "CARE_LEAD", "ADMIN"];

/**
 * A limit as it stands in its fields; `id` names the fields.
 * @typedef {{id: string, role: string, currency: string, perOrder: string, perDay: string}} Typed
 * @typedef {{role: string, currency: string, perOrder: number, perDay: number}} Limit
 */

/** @param {Limit[]} limits @returns {Typed[]} */
export const rowsOf = (limits) => limits.map(({ role, currency, perOrder, perDay }) => ({ id: `${role}-${currency}`, role, currency, perOrder: asTyped(perOrder, currency), perDay: asTyped(perDay, currency) }));

/** What the server is asked; what is no amount is one it refuses at its field. @param {Typed[]} rows */
export const inputsOf = (rows) => rows.map(({ role, currency, perOrder, perDay }) => ({ role, currency, perOrder: amountOf(perOrder, currency), perDay: amountOf(perDay, currency) }));

/** @param {string} text @param {string} currency */
const amountOf = (text, currency) => (/^[A-Z]{3}$/.test(currency) ? minor(text, currency) ?? -1 : -1);

/** A limit as one text, to be compared. @param {Limit} each */
const textOf = ({ role, currency, perOrder, perDay }) => `${role} ${currency} ${perOrder} ${perDay}`;

/** Whether both are the same limits, in whatever order. @param {Limit[]} one @param {Limit[]} other */
export const same = (one, other) => one.map(textOf).sort().join() === other.map(textOf).sort().join();

/** The limit a row is about: role and currency. @param {{currency: string}} row @param {string} role in words */
export const labelOf = (row, role) => `${role}, ${row.currency}`;

/**
 * Where what is typed is not what there is now: both, null where one side has none.
 * @param {Typed[]} rows
 * @param {Limit[]} now
 * @returns {{id: string, role: string, currency: string, now: Limit | null, typed: Typed | null}[]}
 */
export function differing(rows, now) {
  const keys = new Set([...rows, ...now].map((each) => `${each.role} ${each.currency}`));
  return [...keys].map((id) => {
    const [role, currency] = id.split(" ");
    const mine = rows.find((each) => each.role === role && each.currency === currency) ?? null;
    const theirs = now.find((each) => each.role === role && each.currency === currency) ?? null;
    return { id, role, currency, now: theirs, typed: mine };
  }).filter(({ now: theirs, typed: mine }) => !theirs || !mine || textOf(inputsOf([mine])[0]) !== textOf(theirs));
}

/** A refusal of the n-th limit as one of its field. @param {any} refused @param {Typed[]} rows */
export function atField(refused, rows) {
  const [list, at, name] = refused.path ?? [];
  const row = list === "limits" ? rows[Number(at)] : undefined;
  if (row) refused.path = [`${row.id}-${name}`];
  return refused;
}
