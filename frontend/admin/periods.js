/** Spans of days that reports are asked for. Pure. */

export const PRESETS = ["month", "lastMonth", "year"];

/** @param {Date} moment */
const dayOf = (moment) => [moment.getFullYear(), moment.getMonth() + 1, moment.getDate()].map((each) => String(each).padStart(2, "0")).join("-");

/**
 * The first and the last day of a span, as 2026-11-01, where the person is.
 * @param {string} preset
 * @param {Date} now
 * @returns {[string, string]}
 */
export function periodOf(preset, now) {
  const [year, month] = [now.getFullYear(), now.getMonth()];
  if (preset === "year") return [dayOf(new Date(year, 0, 1)), dayOf(new Date(year, 11, 31))];
  const at = preset === "lastMonth" ? month - 1 : month;
  return [dayOf(new Date(year, at, 1)), dayOf(new Date(year, at + 1, 0))];
}

/** The day after a day; an empty text for what is no day. @param {string} day */
export function dayAfter(day) {
  const [year, month, date] = day.split("-").map(Number);
  const next = new Date(year, month - 1, date + 1);
  return Number.isNaN(next.getTime()) ? "" : dayOf(next);
}
