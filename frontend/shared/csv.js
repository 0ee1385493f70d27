/** Tables as files that spreadsheets open. */
import { language } from "./messages.js";

const FORMULA = /^[=+\-@\t\r]/; // a spreadsheet would run it

/**
 * Rows as CSV: with a mark of UTF-8, the separator that spreadsheets of the language expect, nothing that runs.
 * @param {(string | number | null)[][]} rows
 */
export function csvOf(rows) {
  const separator = language.value === "de" ? ";" : ",";
  return `\ufeff${rows.map((row) => row.map((cell) => quoted(cell, separator)).join(separator)).join("\r\n")}\r\n`;
}

/**
 * @param {string | number | null} cell
 * @param {string} separator
 */
function quoted(cell, separator) {
  if (typeof cell === "number") return String(cell);
  const text = FORMULA.test(cell ?? "") ? `'${cell}` : (cell ?? "");
  return text.includes(separator) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * @param {string} name
 * @param {string} text
 */
export function download(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
