/** What a case knows, in words: each fact with its name. */
import { date, dateTime, money } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";

const SHOWN = ["topic", "text", "reason", "message", "error", "number", "amount", "claimed", "missing", "due_on", "promised_on", "ship_due_at", "expires_at", "level", "state", "carrier", "tracking_number", "code", "reason_code", "process"];
const SUMS = ["amount", "claimed", "missing"];

/** @param {{facts: Record<string, any>}} props */
export function CaseFacts({ facts }) {
  return SHOWN.filter((name) => facts[name] !== undefined && facts[name] !== null && facts[name] !== "").map((name) => html`<dt key=${`${name}-t`}>${t(`fact.${name}`)}</dt><dd>${shown(name, facts)}</dd>`);
}

/** @param {string} name @param {Record<string, any>} facts */
function shown(name, facts) {
  const value = facts[name];
  if (SUMS.includes(name) && facts.currency) return money({ amount: value, currency: facts.currency });
  if (name.endsWith("_on")) return date(String(value).slice(0, 10));
  if (name.endsWith("_at")) return dateTime(value);
  if (value === "NO_RETURN_PLACE") return t("fact.code.NO_RETURN_PLACE");
  if (name === "state") return t(`parcel.${value}`);
  return String(value);
}
