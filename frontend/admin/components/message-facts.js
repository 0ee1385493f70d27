/** What a message can name: each fact in words, put where one writes with one click. */
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";
import { snippet } from "../message-words.js";

/** @param {{message: any, used: Record<string, string>, insert: (text: string) => void}} props */
export function MessageFacts({ message, used, insert }) {
  const text = `${used.subject} ${used.title} ${used.body}`;
  const lacks = message.needed.filter((/** @type {string} */ name) => !named(text, name));
  return html`<details class="part" open=${lacks.length > 0}><summary>${t("messages.facts")}</summary>
    <p class="muted">${t("messages.factsHint")}</p>
    <ul class="facts-list">${message.placeholders.map((/** @type {string} */ name) => html`<li key=${name}>
      <button type="button" class="button small" onClick=${() => insert(snippet(name, message.optional.includes(name), t("messages.buttonText")))}><code>${name}</code></button>
      <span>${t(`message.fact.${name}`)}${message.needed.includes(name) && html` <strong>${t("messages.needed")}</strong>`}
        ${message.optional.includes(name) && html` <span class="muted">${t("messages.mayLack")}</span>`}</span>
    </li>`)}</ul>
  </details>`;
}

/** Whether a template names a fact. @param {string} text @param {string} name */
const named = (text, name) => new RegExp(`\\b${name}\\b`).test(text);
