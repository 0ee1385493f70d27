/** A message word for word as it went out, or a mail as it came in. */
import { ask } from "../../shared/api.js";
import { Dialog } from "../../shared/components/dialog.js";
import { Failure } from "../../shared/components/failure.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { dateTime } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html, useEffect, useSignal } from "../../shared/ui.js";
import { LETTER } from "../operations/order.js";

/** `id` is the message to be read; `mail` is one that came in, which is here already. @param {{id?: string, mail?: any, title: string, leave: () => void}} props */
export function Letter({ id, mail, title, leave }) {
  if (mail) return html`<${Dialog} title=${title} leave=${leave}><p class="muted">${mail.address}, ${dateTime(mail.createdAt)}</p><p class="letter">${mail.text}</p><//>`;
  return html`<${Sent} id=${id} title=${title} leave=${leave} />`;
}

/** @param {{id: string, title: string, leave: () => void}} props */
function Sent({ id, title, leave }) {
  const found = useSignal(/** @type {any} */ (undefined));
  const problem = useSignal(/** @type {any} */ (null));
  async function load() {
    problem.value = null;
    try {
      found.value = (await ask(LETTER, { id })).notificationText;
    } catch (failed) {
      problem.value = failed;
    }
  }
  useEffect(() => void load(), []);
  const it = found.value;
  return html`<${Dialog} title=${it?.subject ?? title} leave=${leave}>
    ${problem.value ? html`<${Failure} problem=${problem.value} retry=${load} />` : it === undefined && html`<${Skeleton} />`}
    ${it === null && html`<p>${t("messages.notYet")}</p>`}
    ${it && html`<p class="muted">${it.notification.recipient}${it.notification.sentAt && `, ${dateTime(it.notification.sentAt)}`}</p><p class="letter">${it.text}</p>
      ${it.attachments.length > 0 && html`<p>${t("messages.attached")} ${it.attachments.map((/** @type {any} */ each) => html`<a key=${each.documentId} href=${`/files/documents/${each.documentId}`} target="_blank">${each.name}</a> `)}</p>`}`}<//>`;
}
