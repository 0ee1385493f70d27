/** What stands where nothing is: what this is, and the one next step. */
import { html } from "../ui.js";

/** @param {{title: string, text: string, children?: any}} props */
export function EmptyState({ title, text, children }) {
  return html`<div class="empty"><h2>${title}</h2><p>${text}</p>${children}</div>`;
}
