/** Numbers, money and moments as the user's language writes them. */
import { language } from "./messages.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The user's language as the user's region writes it: English of London is not that of Boston. */
const region = () => navigator.languages.find((each) => each.split("-")[0] === language.value) ?? language.value;

/** @param {string | null} moment */
export function dateTime(moment) {
  return moment ? new Intl.DateTimeFormat(region(), { dateStyle: "medium", timeStyle: "short" }).format(new Date(moment)) : "";
}

/** The day of a moment where the person is. @param {string | null} moment */
export function dayOf(moment) {
  return moment ? new Intl.DateTimeFormat(region(), { dateStyle: "medium" }).format(new Date(moment)) : "";
}

/** When a day begins where the person is, as a moment; null for what is no day. @param {string} day as 2026-11-23 */
export function startOf(day) {
  const start = new Date(`${day}T00:00:00`);
  return Number.isNaN(start.getTime()) ? null : start.toISOString();
}

/** A day without a time, as 2026-11-23. @param {string | null} day */
export function date(day) {
  return day ? new Intl.DateTimeFormat(region(), { dateStyle: "medium", timeZone: "UTC" }).format(new Date(`${day}T00:00:00Z`)) : "";
}

/**
 * How far a moment is from now, in its largest unit.
 * @param {string} moment
 * @param {number} now milliseconds
 */
export function fromNow(moment, now) {
  const distance = new Date(moment).getTime() - now;
  const [unit, size] = Math.abs(distance) >= DAY ? ["day", DAY] : Math.abs(distance) >= HOUR ? ["hour", HOUR] : ["minute", MINUTE];
  // In 40 hours is in one day and not always tomorrow.
  const format = new Intl.RelativeTimeFormat(region(), { numeric: unit === "day" ? "always" : "auto", style: "short" });
  return format.format(Math.trunc(distance / Number(size)), /** @type {Intl.RelativeTimeFormatUnit} */ (unit));
}

/** The name of who did something, without what sort of actor it is. @param {string | null | undefined} by as user:Clara Behrens */
export const actor = (by) => (by ?? "").replace(/^[a-z_]+:/i, "");

/** The name of a country by its code. @param {string} code */
export function country(code) {
  return new Intl.DisplayNames(region(), { type: "region" }).of(code) ?? code;
}

/** A share in permille as percent with one digit. @param {number} value */
export function permille(value) {
  return new Intl.NumberFormat(region(), { style: "percent", maximumFractionDigits: 1, minimumFractionDigits: 1 }).format(value / 1000);
}

/** @param {number} value */
export function hours(value) {
  return new Intl.NumberFormat(region(), { style: "unit", unit: "hour", unitDisplay: "short" }).format(value);
}

/** Money of the API: minor units, as the currency has them. @param {{amount: number, currency: string}} sum */
export function money({ amount, currency }) {
  const format = new Intl.NumberFormat(region(), { style: "currency", currency });
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}
