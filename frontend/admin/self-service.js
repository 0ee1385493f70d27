/** Rules of self-service while they are looked at and typed: their names, what a form says, what differs. Pure. */

/** How far goods may have come. */
export const UNTIL = ["NEVER", "RELEASED", "BEGUN", "SHIPPED"];

/** What is done with open goods, each until one of those. */
export const ACTS = ["cancel", "reduce", "address", "date", "delivery", "swap", "add"];

/** What is done with goods that came: allowed or not. */
export const SWITCHES = ["returns", "exchanges", "claims"];

const NAMES = [...ACTS, ...SWITCHES, "returnDays"];

/** @typedef {Record<string, any>} Rules */

/** The rules alone, without who made them. @param {Rules} from @returns {Rules} */
export const rulesOf = (from) => Object.fromEntries(NAMES.map((name) => [name, from[name]]));

/** What a form says; no days stand for those of the channel. @param {FormData} form @returns {Rules} */
export function given(form) {
  const days = String(form.get("returnDays") ?? "").trim();
  return {
    ...Object.fromEntries(ACTS.map((name) => [name, String(form.get(name))])),
    ...Object.fromEntries(SWITCHES.map((name) => [name, form.get(name) === "yes"])),
    returnDays: days ? Number(days) : null,
  };
}

/** The names of the rules in which two differ. @param {Rules} one @param {Rules} other */
export const differing = (one, other) => NAMES.filter((name) => one[name] !== other[name]);
