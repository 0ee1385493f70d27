/** Account numbers as people type them. Pure. */

/** Without what only makes it readable. @param {string} text */
export const compact = (text) => text.replace(/\s/g, "").toUpperCase();

/** Whether its check digits are right (ISO 13616, modulo 97). @param {string} text */
export function isIban(text) {
  const iban = compact(text);
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(iban)) return false;
  const digits = [...iban.slice(4), ...iban.slice(0, 4)].map((each) => parseInt(each, 36).toString()).join("");
  return [...digits].reduce((rest, digit) => (rest * 10 + Number(digit)) % 97, 0) === 1;
}
