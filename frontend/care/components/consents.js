/** What a customer agreed to: given and taken back with one click, and how they said so. */
import { change } from "../../shared/api.js";
import { may } from "../../shared/auth.js";
import { words } from "../../shared/components/failure.js";
import { tell } from "../../shared/components/toast.js";
import { dateTime } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html, useSignal } from "../../shared/ui.js";
import { CONSENT } from "../operations/customers.js";

const KNOWN = ["newsletter", "phone", "post"];
const SOURCES = ["phone", "mail", "letter", "store"];

/** @param {{id: string, customer: any, changes: any[], done: () => Promise<void>}} props */
export function Consents({ id, customer, changes, done }) {
  const source = useSignal(SOURCES[0]);
  const purposes = [...new Set([...KNOWN, ...Object.keys(customer.consents)])];

  /**
   * @param {string} purpose
   * @param {boolean} granted
   * @param {boolean} [back] whether this takes a change back
   */
  async function set(purpose, granted, back = false) {
    try {
      await change(CONSENT, { id, purpose, granted, how: t(`consents.source.${source.value}`) }, { again: true });
      await done();
      if (!back) tell(t(granted ? "consents.given" : "consents.taken", { purpose: name(purpose) }), { undo: () => set(purpose, !granted, true) });
    } catch (/** @type {any} */ refused) {
      tell(words(refused), { tone: "bad" });
    }
  }

  return html`<section class="stack" aria-labelledby="consents-title"><h2 id="consents-title">${t("consents.title")}</h2>
    ${may("care:write") && html`<label class="row">${t("consents.source")} <select class="control short" onChange=${(/** @type {Event} */ event) => { source.value = /** @type {HTMLSelectElement} */ (event.target).value; }}>
      ${SOURCES.map((each) => html`<option key=${each} value=${each}>${t(`consents.source.${each}`)}</option>`)}</select></label>`}
    <ul role="list" class="lines">${purposes.map((purpose) => {
      const granted = customer.consents[purpose] === true;
      return html`<li key=${purpose}><span>${name(purpose)}: <strong>${t(granted ? "consents.yes" : purpose in customer.consents ? "consents.no" : "consents.never")}</strong></span>
        ${may("care:write") && html`<button type="button" class="button small" onClick=${() => set(purpose, !granted)}>${t(granted ? "consents.take" : "consents.give")}<span class="unseen"> ${name(purpose)}</span></button>`}</li>`;
    })}</ul>
    ${changes.length > 0 && html`<details><summary>${t("consents.history")}</summary><ul class="plain">${changes.map((each) => html`<li key=${each.at + each.purpose}>
      ${dateTime(each.at)} · ${name(each.purpose)}: ${t(each.granted ? "consents.yes" : "consents.no")} · ${each.source}</li>`)}</ul></details>`}
  </section>`;
}

/** @param {string} purpose */
const name = (purpose) => (KNOWN.includes(purpose) ? t(`consents.${purpose}`) : purpose);
