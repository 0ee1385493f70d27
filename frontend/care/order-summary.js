/** An order in a few lines of text, to be pasted elsewhere. */
import { date, dateTime, money } from "../shared/format.js";
import { t } from "../shared/messages.js";
import { isLate, moneyOf, statesOf, whereIs, workOf } from "./order-facts.js";

/** @param {any} order @param {number} now milliseconds */
export function summaryOf(order, now) {
  const sums = moneyOf(order);
  const lines = order.lines.map((/** @type {any} */ line) => {
    const places = whereIs(order, line.id);
    const late = places.some(({ work }) => isLate(work, now));
    const states = statesOf(line, late).map(({ key, count }) => `${count} × ${t(`line.${key}`)}`).join(", ");
    return `- ${line.ordered} × ${line.name} (${line.sku}): ${states}${places.length ? `, ${places.map(({ work }) => work.placeName).join(", ")}` : ""}`;
  });
  const parcels = workOf(order).flatMap((work) => work.parcels).filter((each) => each.trackingNumber);
  return [
    `${order.number} · ${dateTime(order.placedAt)} · ${order.channel.name} · ${money(order.total)} · ${t(`order.state.${order.state}`)}`,
    ...(order.promisedOn ? [t("head.promised", { day: date(order.promisedOn) })] : []),
    ...lines,
    ...parcels.map((each) => `${each.carrier ?? ""} ${each.trackingNumber}: ${t(`parcel.${each.state}`)}`.trim()),
    `${t("money.invoiced")} ${money(sums.invoiced)}, ${t("money.captured")} ${money(sums.captured)}, ${t("money.open")} ${money(sums.open)}`,
  ].join("\n");
}
