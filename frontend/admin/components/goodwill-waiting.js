/** Goodwill above the limit of whoever asked: who wants to give what for which order, approved or declined here. */
import { change } from "../../shared/api.js";
import { may } from "../../shared/auth.js";
import { Dialog } from "../../shared/components/dialog.js";
import { EmptyState } from "../../shared/components/empty-state.js";
import { words } from "../../shared/components/failure.js";
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { tell } from "../../shared/components/toast.js";
import { dateTime, money } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html, useRef, useSignal } from "../../shared/ui.js";
import { nameOf } from "../message-words.js";
import { APPROVE_GOODWILL, DECLINE_GOODWILL, RECALL_GOODWILL } from "../operations.js";

/** @param {{rows: any[], more: (() => void) | null, changed: () => Promise<void>}} props */
export function GoodwillWaiting({ rows, more, changed }) {
  const busy = useSignal(/** @type {string | null} */ (null));
  const declining = useSignal(/** @type {any} */ (null));
  const refused = useSignal(/** @type {Record<string, string>} */ ({}));
  const keys = useRef(/** @type {Map<string, string>} */ (new Map())); // the same for each try
  const top = useRef(/** @type {HTMLElement | null} */ (null));
  const decides = may("refunds:approve");

  /** @param {any} row */
  async function approve(row) {
    if (busy.value) return;
    busy.value = row.id;
    if (!keys.current.has(row.id)) keys.current.set(row.id, crypto.randomUUID());
    try {
      await change(APPROVE_GOODWILL, { id: row.id }, { key: keys.current.get(row.id) });
      tell(t("goodwill.approved", { amount: money(row.amount), order: row.orderNumber }), may("goodwill:write") ? { undo: () => void recall(row) } : {});
      top.current?.focus(); // the button is gone with its row
    } catch (/** @type {any} */ failed) {
      refused.value = { ...refused.value, [row.id]: words(failed) };
    }
    busy.value = null;
    await changed();
  }

  /** @param {any} row */
  async function recall(row) {
    try {
      await change(RECALL_GOODWILL, { id: row.id });
      tell(t("goodwill.recalled", { order: row.orderNumber }));
    } catch (/** @type {any} */ failed) {
      tell(words(failed), { tone: "bad" });
    }
    await changed();
  }

  return html`<section ref=${top} tabindex="-1" class="stack" aria-label=${t("goodwill.view.waiting")}>
    ${!decides && rows.length > 0 && html`<p class="notice">${t("goodwill.whoApproves")}</p>`}
    ${rows.length ? table() : html`<${EmptyState} title=${t("goodwill.noneWaits")} text=${t("goodwill.noneWaitsText")} />`}
    ${more && html`<div><button type="button" class="button" onClick=${more}>${t("action.more")}</button></div>`}
    ${declining.value && html`<${Decline} row=${declining.value} leave=${() => { declining.value = null; }} changed=${changed} />`}
  </section>`;

  function table() {
    return html`<div class="table"><table aria-label=${t("goodwill.view.waiting")}>
      <thead><tr><th scope="col">${t("goodwill.order")}</th><th scope="col">${t("goodwill.what")}</th><th scope="col" class="number">${t("goodwill.amount")}</th>
        <th scope="col">${t("goodwill.askedBy")}</th>${decides && html`<th scope="col"><span class="unseen">${t("goodwill.decision")}</span></th>`}</tr></thead>
      <tbody>${rows.map((row) => html`<tr key=${row.id}>
        <td class="head"><a href=${`/care/orders/${row.orderNumber}/refund`}>${row.orderNumber}</a></td>
        <td data-label=${t("goodwill.what")}>${t(`goodwill.form.${row.form}`)}, ${t(`goodwill.reason.${row.reason}`)}${row.note && html`<br /><span class="muted">${row.note}</span>`}
          ${refused.value[row.id] && html`<span class="fault" role="status">${refused.value[row.id]}</span>`}</td>
        <td class="number head">${money(row.amount)}</td>
        <td data-label=${t("goodwill.askedBy")}>${nameOf(row.requestedBy)}<br /><span class="muted">${dateTime(row.requestedAt)}</span></td>
        ${decides && html`<td class="act"><span class="row">
          <button type="button" class="button" aria-disabled=${busy.value === row.id} aria-label=${t("goodwill.approveOne", { order: row.orderNumber })} onClick=${() => approve(row)}>${t("goodwill.approve")}</button>
          <button type="button" class="button" aria-label=${t("goodwill.declineOne", { order: row.orderNumber })} onClick=${() => { declining.value = row; }}>${t("goodwill.decline")}</button></span></td>`}
      </tr>`)}</tbody></table></div>`;
  }
}

/** @param {{row: any, leave: () => void, changed: () => Promise<void>}} props */
function Decline({ row, leave, changed }) {
  const form = useForm(async (given) => {
    await change(DECLINE_GOODWILL, { id: row.id, reason: String(given.get("reason")) });
    tell(t("goodwill.declined", { order: row.orderNumber }));
    leave();
    await changed();
  });
  return html`<${Dialog} title=${t("goodwill.declineOne", { order: row.orderNumber })} leave=${leave}><form class="stack" onSubmit=${form.submit}>
    <${Summary} form=${form} fields=${{ reason: t("goodwill.why") }} prefix="decline-" />
    <${Field} form=${form} name="reason" prefix="decline-" label=${t("goodwill.why")} hint=${t("goodwill.whyHint")} required maxlength="300" />
    <div class="row"><${Submit} form=${form}>${t("goodwill.decline")}<//></div></form><//>`;
}
