/** What is agreed with a partner: today, from when something else holds, and what held before. */
import { change } from "../../shared/api.js";
import { tell } from "../../shared/components/toast.js";
import { date, dateTime, hours, permille } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html, useEffect, useRef, useSignal } from "../../shared/ui.js";
import { AGREE } from "../operations.js";
import { Field, Summary } from "./form-parts.js";

const TIMES = ["answerHours", "shipHours", "stockAgeHours"];
const SHARES = ["acceptedPermille", "onTimePermille", "canceledPermille", "trackingPermille", "returnedPermille"];
const USUAL = { answerHours: 24, shipHours: 48, stockAgeHours: 24, acceptedPermille: 980, onTimePermille: 950, canceledPermille: 10, trackingPermille: 980, returnedPermille: 100, returnPostage: "WHO_IS_AT_FAULT", currency: null };
const PAYERS = ["WHO_IS_AT_FAULT", "RETAILER", "PARTNER"];

/** @param {{partner: any, changed: () => void}} props */
export function Agreements({ partner, changed }) {
  const making = useSignal(false);
  const present = partner.presentAgreement?.id;
  const rows = [...partner.agreements].reverse();
  if (making.value) {
    const before = rows.find((row) => row.id === present) ?? rows[0] ?? USUAL;
    const leave = () => {
      making.value = false;
    };
    return html`<${AgreementForm} partner=${partner} before=${before} leave=${leave} done=${() => { leave(); changed(); }} />`;
  }
  return html`<div class="stack">
    <div><button type="button" class="button main" onClick=${() => { making.value = true; }}>${t("agreement.new")}</button></div>
    ${rows.length ? rows.map((row) => html`<${One} key=${row.id} row=${row} present=${row.id === present} />`) : html`<p class="muted">${t("agreement.none")}</p>`}
  </div>`;
}

/** @param {{row: any, present: boolean}} props */
function One({ row, present }) {
  return html`<details class="part" open=${present}><summary><strong>${t("agreement.begins", { day: date(row.validFrom), version: row.version })}</strong>${present && ` · ${t("agreement.present")}`}</summary>
    <dl class="facts">
      ${TIMES.map((name) => html`<dt key=${name}>${t(`agreement.${name}`)}</dt><dd>${hours(row[name])}</dd>`)}
      ${SHARES.map((name) => html`<dt key=${name}>${t(`agreement.${name}`)}</dt><dd>${permille(row[name])}</dd>`)}
      <dt>${t("agreement.returnPostage")}</dt><dd>${t(`agreement.payer.${row.returnPostage}`)}</dd>
      ${row.currency && html`<dt>${t("agreement.currency")}</dt><dd>${row.currency}</dd>`}
      ${row.note && html`<dt>${t("agreement.note")}</dt><dd>${row.note}</dd>`}
      <dt>${t("agreement.made")}</dt><dd>${dateTime(row.createdAt)} · ${row.by}</dd>
    </dl></details>`;
}

/** @param {{partner: any, before: any, leave: () => void, done: () => void}} props */
function AgreementForm({ partner, before, leave, done }) {
  const problem = useSignal(/** @type {any} */ (null));
  const busy = useSignal(false);
  const form = useRef(/** @type {HTMLFormElement | null} */ (null));
  useEffect(() => form.current?.querySelector("input")?.focus(), []);
  const today = new Date().toISOString().slice(0, 10);

  async function submit(/** @type {SubmitEvent} */ event) {
    event.preventDefault();
    if (busy.value) return;
    const given = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const text = (/** @type {string} */ name) => String(given.get(name)).trim();
    const terms = Object.fromEntries([...TIMES.map((name) => [name, Number(text(name))]), ...SHARES.map((name) => [name, Math.round(Number(text(name)) * 10)])]);
    busy.value = true;
    problem.value = null;
    try {
      await change(AGREE, { input: { partnerId: partner.id, validFrom: text("validFrom"), ...terms, returnPostage: text("returnPostage"), currency: text("currency").toUpperCase() || null, note: text("note") || null } });
      tell(t("agreement.done", { name: partner.name }));
      done();
    } catch (refused) {
      problem.value = refused;
    }
    busy.value = false;
  }

  const field = (/** @type {string} */ name, /** @type {any} */ more) => html`<${Field} key=${name} name=${name} label=${t(`agreement.${name}`)} fault=${problem.value} ...${more} />`;
  return html`<form ref=${form} class="stack" onSubmit=${submit} onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Escape" && leave()}>
    <${Summary} problem=${problem.value} fields=${["validFrom", "currency", "note", ...TIMES, ...SHARES]} />
    ${field("validFrom", { type: "date", required: true, min: today, defaultValue: today })}
    <p class="muted">${t("agreement.hours")}</p>
    <div class="fields">${TIMES.map((name) => field(name, { type: "number", min: 1, max: 2000, required: true, defaultValue: before[name] }))}</div>
    <p class="muted">${t("agreement.targets")}</p>
    <div class="fields">${SHARES.map((name) => field(name, { type: "number", min: 0, max: 100, step: 0.1, required: true, defaultValue: before[name] / 10 }))}</div>
    <${Field} name="returnPostage" label=${t("agreement.returnPostage")}><select id="returnPostage" name="returnPostage">
      ${PAYERS.map((each) => html`<option key=${each} value=${each} selected=${before.returnPostage === each}>${t(`agreement.payer.${each}`)}</option>`)}</select><//>
    ${field("currency", { maxlength: 3, pattern: "[A-Za-z]{3}", defaultValue: before.currency ?? "" })}
    ${field("note", { maxlength: 500 })}
    <p class="muted">${t("agreement.follows")}</p>
    <div class="row"><button class="button main" aria-disabled=${busy.value}>${t("agreement.do")}</button>
      <button type="button" class="button" onClick=${leave}>${t("action.back")}</button></div>
  </form>`;
}
