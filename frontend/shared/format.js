/** Numbers, money and moments as the user's language writes them. */
import { language } from "./messages.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** @param {string | null} moment */
export function dateTime(moment) {
  return moment ? new Intl.DateTimeFormat(language.value, { dateStyle: "medium", timeStyle: "short" }).format(new Date(moment)) : "";
}

/** A day without a time, as 2026-11-23. @param {string | null} day */
export function date(day) {
  return day ? new Intl.DateTimeFormat(language.value, { dateStyle: "medium", timeZone: "UTC" }).format(new Date(`${day}T00:00:00Z`)) : "";
}

/**
 * How far a moment is from now, in its largest unit.
 * @param {string} moment
 * @param {number} now milliseconds
 */
export function fromNow(moment, now) {
  const distance = new Date(moment).getTime() - now;
  const [unit, size] = Math.abs(distance) >= DAY ? ["day", DAY] : Math.abs(distance) >= HOUR ? ["hour", HOUR] : ["minute", MINUTE];
  const format = new Intl.RelativeTimeFormat(language.value, { numeric: "auto", style: "short" });
  return format.format(Math.trunc(distance / Number(size)), /** @type {Intl.RelativeTimeFormatUnit} */ (unit));
}

/** The name of a country by its code. @param {string} code */
export function country(code) {
  return new Intl.DisplayNames(language.value, { type: "region" }).of(code) ?? code;
}
