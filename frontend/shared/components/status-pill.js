/** A state as a mark, a word and a color: never a color alone. */
import { html } from "../ui.js";

const MARKS = { info: "M8 4v8M4 8h8", ok: "M3 8l3 4 7-8", warn: "M8 3v6M8 12v1", bad: "M4 4l8 8M12 4l-8 8" };

/** @param {{tone: keyof typeof MARKS, children?: any}} props */
export function StatusPill({ tone, children }) {
  return html`<span class=${`pill ${tone}`}>
    <svg viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="2" aria-hidden="true"><path d=${MARKS[tone]} /></svg>
    ${children}
  </span>`;
}
