/** The field of a personal sentence to the customer, and the messages as they will read. */
import { may } from "../../shared/auth.js";
import { t } from "../../shared/messages.js";
import { html, useRef } from "../../shared/ui.js";

/** The field, for those who may write to customers. @param {{note: import("../previewing.js").Note, prefix: string, wrong?: boolean}} props */
export function NoteField({ note, prefix, wrong = false }) {
  const id = `${prefix}noteToCustomer`;
  if (!may("care:write")) return null;
  return html`<div class="field"><label for=${id}>${t("note.label")}</label>
    <textarea id=${id} rows="2" maxlength="1000" value=${note.text} aria-invalid=${wrong ? "true" : undefined} aria-describedby=${`${id}-hint`}
      onInput=${(/** @type {Event} */ event) => note.set(/** @type {HTMLTextAreaElement} */ (event.target).value)}></textarea>
    <span id=${`${id}-hint`} class="muted">${t("note.hint")}</span></div>`;
}

/** The messages, open as long as nobody closes them. @param {{messages: any[]}} props */
export function Letters({ messages }) {
  const open = useRef(true);
  const turned = (/** @type {Event} */ event) => { open.current = /** @type {HTMLDetailsElement} */ (event.currentTarget).open; };
  if (!messages.length) return html`<p class="muted">${t("note.noMessage")}</p>`;
  return html`${messages.map((each) => html`<details key=${each.template} class="part" open=${open.current} onToggle=${turned}><summary>${t("note.message", { subject: each.subject })}</summary><p class="letter">${each.text}</p></details>`)}`;
}
