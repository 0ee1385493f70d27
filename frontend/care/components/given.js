/** What was given for an order before, and what waits for somebody to approve it. */
import { change } from "../../shared/api.js";
import { may } from "../../shared/auth.js";
import { Dialog } from "../../shared/components/dialog.js";
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { StatusPill } from "../../shared/components/status-pill.js";
import { dateTime, money } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html, useSignal } from "../../shared/ui.js";
import { useActing } from "../acting.js";
import { APPROVE_GOODWILL, DECLINE_GOODWILL } from "../operations/refunds.js";
import { useKeys } from "../previewing.js";

/** @type {Record<string, "info" | "ok" | "warn" | "bad">} */
const TONES = { AWAITING_APPROVAL: "warn", GRANTED: "ok", DECLINED: "bad", CANCELED: "info" };

/** @param {{given: any, changed: () => Promise<void>}} props */
export function Given({ given, changed }) {
  const declining = useSignal(/** @type {string | null} */ (null));
  const { act, busy } = useActing(changed);
  const keyOf = useKeys();
  const goodwill = given.goodwill.nodes;
  if (!goodwill.length) return null;
  return html`<section class="part"><h2>${t("given.title")}</h2><ul role="list" class="lines">
    ${goodwill.map((/** @type {any} */ each) => html`<li key=${each.id}>
      <span>${t(`goodwill.form.${each.form}`)} · ${t(`goodwill.reason.${each.reason}`)} <${StatusPill} tone=${TONES[each.state]}>${t(`goodwill.state.${each.state}`)}<//><br /><span class="muted">${dateTime(each.requestedAt)}</span></span>
      <span class="number">${money(each.amount)}</span>
      ${each.state === "AWAITING_APPROVAL" && may("refunds:approve") && html`<span class="row">
        <button type="button" class="button" aria-disabled=${busy.value} onClick=${() => act(() => change(APPROVE_GOODWILL, { id: each.id }, { key: keyOf(each.id) }))}>${t("goodwill.approve")}</button>
        <button type="button" class="button" onClick=${() => { declining.value = each.id; }}>${t("goodwill.decline")}</button></span>`}
    </li>`)}</ul>
    ${declining.value && html`<${Decline} id=${declining.value} leave=${() => { declining.value = null; }} changed=${changed} />`}
  </section>`;
}

/** @param {{id: string, leave: () => void, changed: () => Promise<void>}} props */
function Decline({ id, leave, changed }) {
  const form = useForm(async (given) => {
    await change(DECLINE_GOODWILL, { id, reason: String(given.get("reason")) });
    leave();
    await changed();
  });
  return html`<${Dialog} title=${t("goodwill.decline")} leave=${leave}><form class="stack" onSubmit=${form.submit}>
    <${Summary} form=${form} fields=${{ reason: t("goodwill.why") }} />
    <${Field} form=${form} name="reason" label=${t("goodwill.why")} required maxlength="300" />
    <div class="row"><${Submit} form=${form}>${t("goodwill.decline")}<//></div></form><//>`;
}
