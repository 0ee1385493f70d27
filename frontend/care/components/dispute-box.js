/** A customer's complaint at the bank: until when, what speaks for us, and what we answer. */
import { ask, change } from "../../shared/api.js";
import { Dialog } from "../../shared/components/dialog.js";
import { Failure } from "../../shared/components/failure.js";
import { Submit, Summary, useForm } from "../../shared/components/form.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { StatusPill } from "../../shared/components/status-pill.js";
import { tell } from "../../shared/components/toast.js";
import { actor, dateTime, fromNow, money } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html, useEffect, useSignal } from "../../shared/ui.js";
import { ACCEPT, COLLECT, CONTEST, EVIDENCE } from "../operations/owed.js";
import { useKeys } from "../previewing.js";

const PACK = "uncategorized_file"; // as what the file goes to the bank
/** @type {Record<string, "info" | "ok" | "warn" | "bad">} */
const TONES = { NEEDS_RESPONSE: "bad", UNDER_REVIEW: "info", WON: "ok", LOST: "bad", ACCEPTED: "info", CLOSED: "ok" };

/** @param {{dispute: any, changed: () => Promise<void>}} props */
export function DisputeBox({ dispute, changed }) {
  const doing = useSignal(/** @type {"contest" | "accept" | null} */ (null));
  const leave = () => { doing.value = null; };
  const waits = dispute.state === "NEEDS_RESPONSE" && !dispute.answers.some((/** @type {any} */ each) => ["PENDING", "UNKNOWN"].includes(each.outcome));
  return html`<section class="panel stack" aria-label=${t(dispute.inquiry ? "dispute.inquiry" : "dispute.title")}>
    <div class="row"><h2>${t(dispute.inquiry ? "dispute.inquiry" : "dispute.title")}</h2><${StatusPill} tone=${TONES[dispute.state]}>${t(`dispute.state.${dispute.state}`)}<//>
      <span>${money(dispute.amount)}</span></div>
    <p>${dispute.reasonText}</p>
    <dl class="facts"><dt>${t("dispute.opened")}</dt><dd>${dateTime(dispute.openedAt)}</dd>
      ${dispute.dueAt && !dispute.closedAt && html`<dt>${t("dispute.due")}</dt><dd class=${waits ? "late" : undefined}>${dateTime(dispute.dueAt)} (${fromNow(dispute.dueAt, Date.now())})</dd>`}
      <dt>${t("dispute.reference")}</dt><dd>${dispute.reference}</dd>
      ${dispute.answers.map((/** @type {any} */ each) => html`<dt key=${each.id}>${t(`dispute.answer.${each.kind}`)}</dt><dd>${dateTime(each.askedAt)}, ${actor(each.askedBy)}: ${t(`dispute.outcome.${each.outcome}`)} ${each.error}</dd>`)}</dl>
    ${waits && html`<div class="row"><button type="button" class="button main" onClick=${() => { doing.value = "contest"; }}>${t("dispute.contest")}</button>
      <button type="button" class="button" onClick=${() => { doing.value = "accept"; }}>${t("dispute.accept")}</button></div>`}
    ${doing.value === "contest" && html`<${Contest} dispute=${dispute} leave=${leave} changed=${changed} />`}
    ${doing.value === "accept" && html`<${Accept} dispute=${dispute} leave=${leave} changed=${changed} />`}
  </section>`;
}

/** What speaks for us is collected while the question is read. @param {{dispute: any, leave: () => void, changed: () => Promise<void>}} props */
function Contest({ dispute, leave, changed }) {
  const found = useSignal(/** @type {any} */ (null));
  const problem = useSignal(/** @type {any} */ (null));
  async function load() {
    problem.value = null;
    try {
      const [{ disputeEvidence }, { document }] = await Promise.all([ask(EVIDENCE, { id: dispute.id }), change(COLLECT, { id: dispute.id })]);
      found.value = { ...disputeEvidence, pack: document };
    } catch (failed) {
      problem.value = failed;
    }
  }
  useEffect(() => void load(), []);
  const keyOf = useKeys();
  const form = useForm(async (given) => {
    const chosen = found.value.texts.filter((/** @type {any} */ each) => given.has(each.name));
    const documents = [...found.value.documents, { purpose: PACK, documentId: found.value.pack.id }];
    const input = { disputeId: dispute.id, evidence: chosen, documents };
    await change(CONTEST, { input }, { key: keyOf(JSON.stringify(input)) });
    tell(t("dispute.contested"));
    leave();
    await changed();
  });
  return html`<${Dialog} title=${t("dispute.contest")} leave=${leave}>
    ${problem.value ? html`<${Failure} problem=${problem.value} retry=${load} />` : !found.value && html`<${Skeleton} />`}
    ${found.value && html`<form class="stack" onSubmit=${form.submit}><${Summary} form=${form} />
      <p>${t("dispute.contestText")} <a href=${found.value.pack.url} target="_blank">${t("dispute.pack")}</a></p>
      <fieldset><legend>${t("dispute.proof")}</legend>${found.value.texts.map((/** @type {any} */ each) => html`<p key=${each.name}><label class="check"><input type="checkbox" name=${each.name} defaultChecked /> <span>${t(`evidence.${each.name}`)}<br /><span class="muted">${each.text}</span></span></label></p>`)}</fieldset>
      <div class="row"><${Submit} form=${form}>${t("dispute.contestDo")}<//></div></form>`}<//>`;
}

/** @param {{dispute: any, leave: () => void, changed: () => Promise<void>}} props */
function Accept({ dispute, leave, changed }) {
  const keyOf = useKeys();
  const form = useForm(async () => {
    await change(ACCEPT, { id: dispute.id }, { key: keyOf(dispute.id) });
    tell(t("dispute.accepted"));
    leave();
    await changed();
  });
  return html`<${Dialog} title=${t("dispute.accept")} leave=${leave}><form class="stack" onSubmit=${form.submit}><${Summary} form=${form} />
    <p>${t("dispute.acceptText", { amount: money(dispute.amount) })}</p><div class="row"><${Submit} form=${form}>${t("dispute.acceptDo")}<//></div></form><//>`;
}
