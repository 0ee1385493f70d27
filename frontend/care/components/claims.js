/** Claims of an order: what is wrong, photos of it, and what becomes of those that nobody has decided about. */
import { ask, change } from "../../shared/api.js";
import { may } from "../../shared/auth.js";
import { Dialog } from "../../shared/components/dialog.js";
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { Photos } from "../../shared/components/photos.js";
import { StatusPill } from "../../shared/components/status-pill.js";
import { tell } from "../../shared/components/toast.js";
import { actor, dateTime } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html, useSignal } from "../../shared/ui.js";
import { APPROVE_CLAIM, CANCEL_CLAIM, DENY_CLAIM, PREVIEW_DECISION } from "../operations/refunds.js";
import { useKey, usePreview } from "../previewing.js";
import { Due, Preview } from "./refund-preview.js";
import { namesOf } from "./return-form.js";

/** @type {Record<string, "info" | "ok" | "warn" | "bad">} */
const TONES = { OPEN: "warn", APPROVED: "info", RESOLVED: "ok", DENIED: "bad", CANCELED: "info" };
const FAULTS = ["US", "PARTNER", "CARRIER"];
const REMEDIES = ["REFUND", "REPLACEMENT"];

/** @param {{order: any, claims: any[], changed: () => Promise<void>}} props */
export function Claims({ order, claims, changed }) {
  const names = namesOf(order);
  const doing = useSignal(/** @type {{what: "approve" | "deny" | "cancel", claim: any} | null} */ (null));
  const leave = () => { doing.value = null; };
  const begin = (/** @type {"approve" | "deny" | "cancel"} */ what, /** @type {any} */ claim) => () => { doing.value = { what, claim }; };
  return html`<section class="part" aria-label=${t("claims.title")}><h2>${t("claims.title")}</h2>
    <ul role="list" class="stack">${claims.map((each) => html`<li key=${each.id} class="stack close said">
      <div class="row"><strong>${each.number}: ${t(`refund.kind.${each.kind}`)}</strong> <${StatusPill} tone=${TONES[each.state]}>${t(`claim.state.${each.state}`)}<//>
        <span class="muted">${each.openedBy && `${actor(each.openedBy)}, `}${dateTime(each.openedAt)}</span></div>
      <p>${each.lines.map((/** @type {any} */ line) => `${line.quantity} × ${names[line.orderLineId] ?? ""}`).join(", ")}${each.note && html`<br /><span class="muted">${each.note}</span>`}</p>
      ${each.decision && html`<p>${t("claims.decision", { reason: each.decision })}</p>`}
      <div class="row"><${Photos} address=${may("claims:write") ? `/files/claims/${each.id}/photos` : null} photos=${each.photos} of=${each.number} changed=${changed} />
        ${each.state === "OPEN" && may("refunds:write") && html`<button type="button" class="button small" aria-label=${t("claims.approveOne", { number: each.number })} onClick=${begin("approve", each)}>${t("claims.approve")}</button>
          <button type="button" class="button small" aria-label=${t("claims.denyOne", { number: each.number })} onClick=${begin("deny", each)}>${t("claims.deny")}</button>`}
        ${each.state === "OPEN" && may("claims:write") && html`<button type="button" class="button small plain" aria-label=${t("claims.cancelOne", { number: each.number })} onClick=${begin("cancel", each)}>${t("claims.cancel")}</button>`}</div>
    </li>`)}</ul>
    ${doing.value?.what === "approve" && html`<${Approve} claim=${doing.value.claim} names=${names} leave=${leave} changed=${changed} />`}
    ${doing.value && doing.value.what !== "approve" && html`<${End} what=${doing.value.what} claim=${doing.value.claim} leave=${leave} changed=${changed} />`}
  </section>`;
}

/** @param {{claim: any, names: Record<string, string>, leave: () => void, changed: () => Promise<void>}} props */
function Approve({ claim, names, leave, changed }) {
  const back = useSignal(claim.returnsGoods);
  const remedy = useSignal(REMEDIES.includes(claim.wished) ? claim.wished : REMEDIES[0]);
  const replaced = remedy.value === "REPLACEMENT";
  const preview = usePreview({ id: claim.id }, async (given) => (await ask(PREVIEW_DECISION, given)).previewClaimDecision);
  const fault = useSignal(FAULTS[0]);
  const input = { id: claim.id, remedy: remedy.value, returnGoods: back.value, fault: fault.value };
  const once = useKey(input);
  const form = useForm(async () => {
    await change(APPROVE_CLAIM, { input }, { key: once.key });
    tell(back.value ? t("refund.claimed.back", { number: claim.number }) : replaced ? t("refund.claimed.replaced", { number: claim.number }) : t("refund.claimed.paid", { number: claim.number }));
    leave();
    await changed();
  });
  return html`<${Dialog} title=${t("claims.approveOne", { number: claim.number })} leave=${leave}><form class="stack" onSubmit=${form.submit}>
    <${Summary} form=${form} fields=${{ fault: t("refund.fault") }} />
    ${claim.kind !== "MISSING" && html`<label class="check"><input type="checkbox" checked=${back.value} onChange=${() => { back.value = !back.value; }} /> ${t("refund.comesBack")}</label>`}
    <${Field} form=${form} name="remedy" prefix="decide-" label=${t("refund.remedy")} options=${REMEDIES.map((each) => [each, t(`refund.remedy.${each}`)])} defaultValue=${remedy.value}
      onChange=${(/** @type {Event} */ event) => { remedy.value = /** @type {HTMLSelectElement} */ (event.target).value; }} />
    <${Field} form=${form} name="fault" prefix="decide-" label=${t("refund.fault")} options=${FAULTS.map((each) => [each, t(`refund.fault.${each}`)])}
      onChange=${(/** @type {Event} */ event) => { fault.value = /** @type {HTMLSelectElement} */ (event.target).value; }} />
    <${Preview} preview=${preview}>${preview.shown.value && replaced && html`<p>${t(back.value ? "refund.replacedAfter" : "refund.replacedAlone")}</p>`}
      ${preview.shown.value && !replaced && html`<${Due} due=${preview.shown.value} names=${names} text=${t(back.value ? "refund.returnText" : "refund.claimText")} />`}<//>
    <div class="row"><${Submit} form=${form}>${t("claims.approve")}<//></div></form><//>`;
}

/** @param {{what: "deny" | "cancel", claim: any, leave: () => void, changed: () => Promise<void>}} props */
function End({ what, claim, leave, changed }) {
  const denies = what === "deny";
  const form = useForm(async (given) => {
    await change(denies ? DENY_CLAIM : CANCEL_CLAIM, { id: claim.id, reason: String(given.get("reason")) });
    tell(t(denies ? "claims.denied" : "claims.canceled", { number: claim.number }));
    leave();
    await changed();
  });
  return html`<${Dialog} title=${t(denies ? "claims.denyOne" : "claims.cancelOne", { number: claim.number })} leave=${leave}><form class="stack" onSubmit=${form.submit}>
    <p>${t(denies ? "claims.denyText" : "claims.cancelText")}</p><${Summary} form=${form} fields=${{ reason: t("claims.why") }} prefix="end-" />
    <${Field} form=${form} name="reason" prefix="end-" label=${t("claims.why")} required maxlength="500" />
    <div class="row"><${Submit} form=${form}>${t(denies ? "claims.deny" : "claims.cancel")}<//></div></form><//>`;
}
