/** Days and parts of agreements. Pure but for today's date. */

/** The day so many days from now, as 2026-11-23. @param {number} days */
export const daysAhead = (days) => dayOf(new Date(Date.now() + days * 86_400_000));

/** @param {Date} moment */
const dayOf = (moment) => moment.toISOString().slice(0, 10);

/**
 * Equal parts of an amount, one a month from a day on; what does not divide evenly is in the first ones.
 * @param {number} amount minor units
 * @param {number} count
 * @param {string} first
 */
export function parts(amount, count, first) {
  const [year, month, day] = first.split("-").map(Number);
  return Array.from({ length: count }, (_, at) => {
    const last = new Date(Date.UTC(year, month + at, 0)).getUTCDate(); // of the month
    return { dueOn: dayOf(new Date(Date.UTC(year, month - 1 + at, Math.min(day, last)))), amount: Math.floor(amount / count) + Number(at < amount % count) };
  });
}
