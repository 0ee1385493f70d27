/** Sending work elsewhere: what each place would cost is looked at first; then it is done with a reason. */
import { ask, change } from "../../shared/api.js";
import { may } from "../../shared/auth.js";
import { words } from "../../shared/components/failure.js";
import { tell } from "../../shared/components/toast.js";
import { date, money } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html, useSignal } from "../../shared/ui.js";
import { ELSEWHERE, SEND_ELSEWHERE } from "../operations/why.js";

/** @typedef {(doing: () => Promise<unknown>) => Promise<boolean>} Act */

/** @param {{work: any, currency: string, busy: boolean, act: Act}} props */
export function WhatIf({ work, currency, busy, act }) {
  const found = useSignal(/** @type {any[] | null} */ (null));
  const reason = useSignal(t("why.byCare"));

  async function look() {
    try {
      found.value = (await ask(ELSEWHERE, { id: work.id })).reroutePreview.candidates;
    } catch (/** @type {any} */ refused) {
      tell(words(refused), { tone: "bad" });
    }
  }
  const send = (/** @type {any} */ place) => () => act(async () => {
    await change(SEND_ELSEWHERE, { id: work.id, reason: reason.value.trim() || t("why.byCare"), place: place.locationId });
    tell(t("why.sent", { place: place.placeName }));
  });
  return html`<div class="stack close"><div class="row"><span>${work.number}: ${work.placeName}</span>
    <button type="button" class="button" onClick=${look}>${t("why.whatIf")}</button></div>
    ${found.value && html`<div class="stack">
      ${may("fulfillment:route") ? html`<div class="field"><label for=${`reason-${work.id}`}>${t("why.reason")}</label><input id=${`reason-${work.id}`} maxlength="500" value=${reason.value} onInput=${(/** @type {Event} */ event) => { reason.value = /** @type {HTMLInputElement} */ (event.target).value; }} /></div>` : html`<p class="muted">${t("why.lead")}</p>`}
      ${!found.value.length && html`<p>${t("why.noOther")}</p>`}
      <ul role="list" class="stack">${found.value.map((each) => html`<li key=${each.locationId} class="row"><strong>${each.placeName}</strong>
        <span>${each.feasible ? t("why.there", { day: date(each.arrivesOn) }) : each.reason ? t(`hurdle.${each.reason}`) : t("why.lacks", { count: each.missing })}</span>
        ${each.differenceCents !== null && html`<span class="muted">${t("why.difference", { amount: money({ amount: each.differenceCents, currency }) })}</span>`}
        ${each.feasible && may("fulfillment:route") && html`<button type="button" class="button small push" aria-disabled=${busy} onClick=${send(each)} aria-label=${t("why.sendTo", { place: each.placeName })}>${t("why.send")}</button>`}</li>`)}</ul></div>`}
  </div>`;
}
