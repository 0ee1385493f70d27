/** What a case knows, in words: each fact with its name. */
import { date, dateTime, money } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";
import { ourReason } from "../order-facts.js";

const SHOWN = ["topic", "text", "reason", "message", "error", "number", "amount", "claimed", "missing", "due_on", "promised_on", "ship_due_at", "expires_at", "level", "state", "carrier", "tracking_number", "code", "process"];
const SUMS = ["amount", "claimed", "missing"];
const PROCESSES = ["order", "fulfillment_order", "return", "digital_delivery"];
const CODES = ["NO_RETURN_PLACE", "NOT_RETURNED", "NOT_ACCEPTED"];

/** @param {{facts: Record<string, any>}} props */
export function CaseFacts({ facts }) {
  // What stands in words needs no code beside it.
  return SHOWN.filter((name) => name !== "code" || !facts.message).filter((name) => facts[name] !== undefined && facts[name] !== null && facts[name] !== "").map((name) => html`<dt key=${`${name}-t`}>${t(`fact.${name}`)}</dt><dd>${shown(name, facts)}</dd>`);
}

/** @param {string} name @param {Record<string, any>} facts */
function shown(name, facts) {
  const value = facts[name];
  if (SUMS.includes(name) && facts.currency) return money({ amount: value, currency: facts.currency });
  if (name.endsWith("_on")) return date(String(value).slice(0, 10));
  if (name.endsWith("_at")) return dateTime(value);
  if (name === "code" && CODES.includes(value)) return t(`fact.code.${value}`);
  if (name === "process" && PROCESSES.includes(value)) return t(`fact.process.${value}`);
  if (name === "reason" && facts.goodwill_id) return t(`goodwill.reason.${value}`);
  if (name === "reason" && ourReason(value)) return t(`ourReason.${ourReason(value)}`);
  if (name === "state") return t(`parcel.${value}`);
  return String(value);
}
