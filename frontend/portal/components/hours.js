/** A usual week (these days, from then to then) and OpenStreetMap's text for it. */

export const DAYS = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];
const USUAL = /^((?:Mo|Tu|We|Th|Fr|Sa|Su)(?:[-,](?:Mo|Tu|We|Th|Fr|Sa|Su))*) (\d\d:\d\d)-(\d\d:\d\d)(?:; ?PH off)?$/;

/**
 * The week that a text means; null when it says more than a usual week can.
 * @param {string} text
 * @returns {{days: string[], opens: string, closes: string} | null}
 */
export function weekOf(text) {
  if (text === "24/7") return { days: [...DAYS], opens: "00:00", closes: "23:59" };
  const found = USUAL.exec(text);
  if (!found) return null;
  const days = found[1].split(",").flatMap((part) => {
    const [first, last = first] = part.split("-");
    return DAYS.slice(DAYS.indexOf(first), DAYS.indexOf(last) + 1);
  });
  return { days, opens: found[2], closes: found[3] };
}

/**
 * @param {string[]} days
 * @param {string} opens
 * @param {string} closes
 */
export function hoursOf(days, opens, closes) {
  if (days.length === DAYS.length && opens === "00:00" && closes === "23:59") return "24/7";
  return days.length ? `${days.join(",")} ${opens}-${closes}; PH off` : "off";
}
