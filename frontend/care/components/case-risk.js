/** Why an order is doubtful, and the decision on it. Loaded where the case of a risk is open. */
import { ask, change } from "../../shared/api.js";
import { may } from "../../shared/auth.js";
import { Dialog } from "../../shared/components/dialog.js";
import { words } from "../../shared/components/failure.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { tell } from "../../shared/components/toast.js";
import { money } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html, useEffect, useSignal } from "../../shared/ui.js";
import { customerAddress } from "../hits.js";
import { REVIEW, RISK } from "../operations/risk.js";

/** @typedef {(doing: () => Promise<unknown>) => Promise<boolean>} Act */

/**
 * `act` does it unless something is being done; null for who may only read. `release` lets an order go whose
 * hold was placed by hand: nobody assessed it, or it was accepted before.
 * @param {{orderId: string, note: string, busy: boolean, act: Act | null, release: (() => void) | null}} props
 */
export function CaseRisk({ orderId, note, busy, act, release }) {
  const found = useSignal(/** @type {any} */ (null));
  const problem = useSignal(/** @type {any} */ (null));
  const rejecting = useSignal(false);

  async function load() {
    try {
      found.value = await ask(RISK, { order: orderId });
      problem.value = null;
    } catch (failed) {
      problem.value = failed;
    }
  }
  useEffect(() => {
    if (may("risk:review")) load();
  }, [orderId]);

  if (!may("risk:review")) return html`<p class="notice">${t("risk.forbidden")}</p>`;
  if (problem.value) return html`<div class="notice bad row"><p>${words(problem.value)}</p><button type="button" class="button" onClick=${load}>${t("action.retry")}</button></div>`;
  if (!found.value) return html`<${Skeleton} rows=${2} />`;
  const { riskAssessment: it, order } = found.value;
  const decide = (/** @type {boolean} */ accept) => act?.(async () => {
    await change(REVIEW, { order: orderId, accept, note: note.trim() || null });
    rejecting.value = false;
    tell(t(accept ? "risk.accepted" : "risk.rejected"));
    await load();
  });
  const open = it?.state === "REVIEW";
  return html`<section class="stack" aria-label=${t("risk.title")}><h3>${t("risk.title")}</h3>
    ${it ? html`<p>${t("risk.score", { score: it.score })} ${!open && html`<strong>${t(`risk.state.${it.state}`)}</strong>${it.decidedBy && `, ${it.decidedBy.replace(/^\w+:/, "")}`}${it.note && `: ${it.note}`}`}</p>
      <ul role="list" class="hits">${it.reasons.map((/** @type {any} */ each) => html`<li key=${each.code + each.text} class="hit"><span>${each.text}</span><span class="number muted">${each.score > 0 ? `+${each.score}` : each.score}</span></li>`)}</ul>
      <${Signals} facts=${it.facts} currency=${order?.currency} />` : html`<p>${t("risk.none")}</p>`}
    ${order?.customerId && html`<p><a href=${`${customerAddress(order.customerId)}?do=list`}>${t("risk.list")}</a></p>`}
    ${act && open && html`<div class="row">
      <button type="button" class="button main" aria-disabled=${busy} onClick=${() => decide(true)}>${t("risk.accept")}</button>
      <button type="button" class="button" onClick=${() => { rejecting.value = true; }}>${t("risk.reject")}</button></div>
      <p class="muted">${t("risk.effect")}</p>`}
    ${release && !open && it?.state !== "REJECTED" && html`<div><button type="button" class="button" aria-disabled=${busy} onClick=${release}>${t("cases.release")}</button></div>`}
    ${rejecting.value && html`<${Dialog} title=${t("risk.rejectTitle", { number: order?.number ?? "" })} leave=${() => { rejecting.value = false; }}>
      <p>${t("risk.rejectText")}</p>${note.trim() && html`<p>${t("risk.noted", { note: note.trim() })}</p>`}
      <div class="row"><button type="button" class="button main" aria-disabled=${busy} onClick=${() => decide(false)}>${t("risk.rejectNow")}</button></div><//>`}
  </section>`;
}

/** What was counted beside the reasons. @param {{facts: any, currency?: string}} props */
function Signals({ facts, currency }) {
  const seen = Object.entries(facts.seen ?? {}).filter(([, count]) => Number(count) > 1);
  const usual = facts.earlier_orders && currency;
  if (!seen.length && !usual) return null;
  return html`<ul class="plain">${seen.map(([kind, count]) => html`<li key=${kind}>${t("risk.seen", { count: Number(count), kind: t(`risk.kind.${kind}`) })}</li>`)}
    ${usual && html`<li>${t("risk.usual", { count: facts.earlier_orders, total: facts.usual_total === null ? "–" : money({ amount: facts.usual_total, currency }) })}</li>`}</ul>`;
}
