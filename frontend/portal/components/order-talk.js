/** What was written about an order, and what has happened to it. */
import { change } from "../../shared/api.js";
import { may } from "../../shared/auth.js";
import { dateTime } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html, useSignal } from "../../shared/ui.js";
import { attempt } from "../answering.js";
import { WRITE } from "../operations.js";

/** What is typed stays until it is sent, also when the order closes. @param {{order: any, changed: () => void}} props */
export function OrderTalk({ order, changed }) {
  const draft = `message ${order.id}`;
  const text = useSignal(sessionStorage.getItem(draft) ?? "");
  const busy = useSignal(false);

  async function send(/** @type {SubmitEvent} */ event) {
    event.preventDefault();
    if (busy.value || !text.value.trim()) return;
    busy.value = true;
    const sent = await attempt(async () => void (await change(WRITE, { id: order.id, text: text.value })));
    busy.value = false;
    if (!sent) return;
    sessionStorage.removeItem(draft);
    text.value = "";
    changed();
  }
  function type(/** @type {Event} */ event) {
    text.value = /** @type {HTMLTextAreaElement} */ (event.target).value;
    sessionStorage.setItem(draft, text.value);
  }

  return html`<details class="part" open=${order.messages.length > 0 || text.value !== ""}><summary>${t("talk.title", { count: order.messages.length })}</summary>
      <ul role="list" class="stack">${order.messages.map((/** @type {any} */ each) => html`<li key=${each.id} class=${`message ${each.fromPlace ? "own" : ""}`}>
        <span class="muted">${each.by}, ${dateTime(each.at)}</span><p>${each.text}</p></li>`)}</ul>
      ${may("fulfillment:write") && html`<form class="stack" onSubmit=${send}>
        <div class="field"><label for="message">${t("talk.write")}</label><textarea id="message" rows="3" maxlength="2000" value=${text.value} onInput=${type}></textarea></div>
        <div><button class="button" aria-disabled=${busy.value}>${t("talk.send")}</button></div></form>`}
    </details>
    <details class="part"><summary>${t("history.title")}</summary>
      <ol role="list" class="stack">${order.history.map((/** @type {any} */ each) => html`<li key=${each.at + each.state}>${dateTime(each.at)}: ${t(`order.state.${each.state}`)}${each.by ? `, ${each.by}` : ""}</li>`)}</ol>
    </details>`;
}
