/** What was scanned at a station and what came of it: heard at once, said large, and kept as a list. */
import { ask } from "../../shared/api.js";
import { t } from "../../shared/messages.js";
import { sound } from "../../shared/sound.js";
import { html, signal } from "../../shared/ui.js";
import { SCANNED } from "../operations.js";
import { readings } from "../packing.js";

const SHOWN = 30; // scans that are remembered on the page

/** The newest first. */
export const scans = signal(/** @type {{id: number, text: string, said: string, good: boolean}[]} */ ([]));
let last = 0;

/** @param {string} text what was read @param {string} said what came of it @param {boolean} good */
export function note(text, said, good) {
  scans.value = [{ id: ++last, text, said, good }, ...scans.value].slice(0, SHOWN);
  sound(good ? "ok" : "bad");
}

/** What came of the last scan; what went wrong interrupts a screen reader. */
export function Verdict() {
  const [newest] = scans.value;
  return html`<div class="said" role=${newest?.good === false ? "alert" : "status"}>${newest && html`<p class=${`notice ${newest.good ? "" : "bad"}`}>${newest.said}</p>`}</div>`;
}

export function Scanned() {
  if (!scans.value.length) return null;
  return html`<section class="part"><h2>${t("pack.scans")}</h2>
    <ol role="list" class="scans">${scans.value.map((each) => html`<li key=${each.id}><code>${each.text}</code> <span class=${each.good ? "muted" : "fault"}>${each.said}</span></li>`)}</ol></section>`;
}

/** Orders that bear what was read: their number, their customer order's, or a parcel's (`parceledToo`). @param {string} text @param {boolean} parceledToo @returns {Promise<any[]>} */
export async function bearing(text, parceledToo) {
  for (const read of readings(text)) {
    const { numbered, ordered, parceled } = await ask(SCANNED, { byNumber: { numbers: [read] }, byOrder: { orderNumber: read }, byParcel: { trackingNumber: read } });
    const found = [...numbered.nodes, ...ordered.nodes, ...(parceledToo ? parceled.nodes : [])];
    if (found.length) return found;
  }
  return [];
}
