/** What can be agreed about an open invoice: a pause, instalments, or that it is given up. */
import { change } from "../../shared/api.js";
import { Dialog } from "../../shared/components/dialog.js";
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { tell } from "../../shared/components/toast.js";
import { date, money } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html, useSignal } from "../../shared/ui.js";
import { AGREE, WRITE_OFF } from "../operations/owed.js";
import { daysAhead, parts } from "../plans.js";
import { useKeys } from "../previewing.js";

const WEEK = 7;
const USUAL = 3; // instalments
const MOST = 12;

/** @typedef {{invoice: any, leave: () => void, changed: () => Promise<void>}} Props */

/** @param {Props} props */
export function Pause({ invoice, leave, changed }) {
  const form = useForm(async (given) => {
    const until = String(given.get("until"));
    const instalments = invoice.plan?.instalments.length ? invoice.plan.instalments.map((/** @type {any} */ each) => ({ dueOn: each.dueOn, amount: each.amount })) : null;
    await change(AGREE, { id: invoice.id, until, instalments, reason: String(given.get("reason") ?? "") });
    tell(t("trouble.pausedUntil", { day: date(until) }));
    leave();
    await changed();
  });
  return html`<${Dialog} title=${t("trouble.pause")} leave=${leave}><form class="stack" onSubmit=${form.submit}>
    <${Summary} form=${form} />
    <${Field} form=${form} name="until" type="date" label=${t("trouble.pauseUntil")} required min=${daysAhead(1)} defaultValue=${daysAhead(WEEK)} />
    <${Field} form=${form} name="reason" label=${t("trouble.reason")} maxlength="500" />
    <div class="row"><${Submit} form=${form}>${t("trouble.pause")}<//></div></form><//>`;
}

/** @param {Props} props */
export function Instalments({ invoice, leave, changed }) {
  const count = useSignal(USUAL);
  const first = useSignal(daysAhead(WEEK));
  const planned = parts(invoice.open.amount, count.value, first.value);
  const form = useForm(async (given) => {
    await change(AGREE, { id: invoice.id, until: null, instalments: planned, reason: String(given.get("reason") ?? "") });
    tell(t("trouble.agreed", { count: planned.length }));
    leave();
    await changed();
  });
  /** @param {Event} event */
  const many = (event) => { count.value = Math.min(MOST, Math.max(2, Math.trunc(Number(/** @type {HTMLInputElement} */ (event.target).value)) || USUAL)); };
  /** @param {Event} event */
  const from = (event) => { first.value = /** @type {HTMLInputElement} */ (event.target).value || first.value; };
  return html`<${Dialog} title=${t("trouble.instalments")} leave=${leave}><form class="stack" onSubmit=${form.submit}>
    <${Summary} form=${form} />
    <div class="row"><${Field} name="count" type="number" label=${t("trouble.howMany")} min="2" max=${MOST} defaultValue=${USUAL} onInput=${many} />
      <${Field} name="first" type="date" label=${t("trouble.first")} min=${daysAhead(0)} defaultValue=${first.value} onInput=${from} /></div>
    <ul role="list" aria-label=${t("trouble.parts")}>${planned.map((each) => html`<li key=${each.dueOn}>${date(each.dueOn)}: ${money({ amount: each.amount, currency: invoice.open.currency })}</li>`)}</ul>
    <${Field} name="reason" label=${t("trouble.reason")} maxlength="500" />
    <div class="row"><${Submit} form=${form}>${t("trouble.agree")}<//></div></form><//>`;
}

/** @param {Props} props */
export function WriteOff({ invoice, leave, changed }) {
  const keyOf = useKeys();
  const form = useForm(async (given) => {
    const reason = String(given.get("reason"));
    await change(WRITE_OFF, { id: invoice.id, reason }, { key: keyOf(reason) });
    tell(t("trouble.writtenOff", { amount: money(invoice.open) }));
    leave();
    await changed();
  });
  return html`<${Dialog} title=${t("trouble.writeOff")} leave=${leave}><form class="stack" onSubmit=${form.submit}>
    <p>${t("trouble.writeOffText", { amount: money(invoice.open) })}</p><${Summary} form=${form} fields=${{ reason: t("trouble.reason") }} />
    <${Field} form=${form} name="reason" label=${t("trouble.reason")} required maxlength="500" />
    <div class="row"><${Submit} form=${form}>${t("trouble.writeOffDo")}<//></div></form><//>`;
}
