/** Every version of a message, who made it and when; an older one is taken back into the editor. */
import { dateTime } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";
import { nameOf } from "../message-words.js";

/** @param {{versions: any[], present: string | undefined, shipped: any, channel: string | null, take: (words: any, news: string) => void}} props */
export function MessageVersions({ versions, present, shipped, channel, take }) {
  return html`<details class="part"><summary>${t("messages.versions", { count: versions.length })}</summary>
    <ol class="plain versions">${versions.map((row) => html`<li key=${row.id} class="stack">
      <div class="row"><strong>${t("messages.version", { version: row.version })}</strong>
        ${row.id === present && html`<span class="pill ok">${t("messages.now")}</span>`}
        ${channel && !row.channelId && html`<span class="pill">${t("messages.everyChannel")}</span>`}
        ${!row.words && html`<span class="muted">${t("messages.ours")}</span>`}</div>
      <p class="muted">${t("messages.made", { moment: dateTime(row.createdAt), name: nameOf(row.createdBy), from: dateTime(row.validFrom) })}</p>
      ${row.words && html`<details><summary>${row.words.subject}</summary><p><strong>${row.words.title}</strong></p><pre class="said">${row.words.body}</pre></details>
        <div><button type="button" class="button small" onClick=${() => take(row.words, t("messages.taken", { version: row.version }))}>${t("messages.take", { version: row.version })}</button></div>`}
    </li>`)}
    <li class="stack"><strong>${t("messages.ours")}</strong><div><button type="button" class="button small" onClick=${() => take(shipped, t("messages.takenOurs"))}>${t("messages.takeOurs")}</button></div></li></ol>
  </details>`;
}
