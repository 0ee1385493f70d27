/** What the customer will read of a decision, and the pieces there is one left for. */
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";

export const CONDITIONS = ["NEW", "USED", "BROKEN"];

/** Pieces of a line that nobody has decided on. @param {any} line */
export const undecided = (line) => line.quantity - line.inspected;

/** @param {{message: {subject: string, text: string}}} props */
export function Message({ message }) {
  return html`<details class="message"><summary>${t("return.told")}: ${message.subject}</summary><p class="letter">${message.text}</p></details>`;
}
