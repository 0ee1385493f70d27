/** An answer piece by piece: how many are sent now, how many later and when, how many not at all and why. */
import { Quantity } from "../../shared/components/quantity.js";
import { t } from "../../shared/messages.js";
import { html, useEffect, useRef, useSignal } from "../../shared/ui.js";
import { REASONS, sellsOut, Stock } from "./reason-form.js";

const KINDS = ["accept", "later", "reject"];

/**
 * @param {{order: any, busy: boolean, answer: (given: {accept: any[], later: any[], expectedOn: string | null, reject: any[]}) => void, leave: () => void}} props
 */
export function AnswerForm({ order, busy, answer, leave }) {
  const counts = useSignal(/** @type {Record<string, Record<string, number>>} */ (Object.fromEntries(order.lines.map((/** @type {any} */ line) => [line.id, { accept: line.quantity, later: 0, reject: 0 }]))));
  const day = useSignal("");
  const reason = useSignal(REASONS[0]);
  const problem = useSignal("");
  const heading = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => heading.current?.focus(), []);

  /** More of one kind is less of the others, now first. @param {any} line @param {string} kind @param {number} value */
  function set(line, kind, value) {
    const next = { ...counts.value[line.id], [kind]: value };
    for (const other of KINDS.filter((each) => each !== kind)) {
      const over = next.accept + next.later + next.reject - line.quantity;
      if (over > 0) next[other] -= Math.min(over, next[other]);
    }
    counts.value = { ...counts.value, [line.id]: next };
  }
  const of = (/** @type {string} */ kind) => order.lines.map((/** @type {any} */ line) => ({ lineId: line.id, quantity: counts.value[line.id][kind] })).filter((/** @type {any} */ each) => each.quantity > 0);
  const any = (/** @type {string} */ kind) => of(kind).length > 0;

  function submit(/** @type {SubmitEvent} */ event) {
    event.preventDefault();
    if (busy) return;
    problem.value = !KINDS.some(any) ? t("answer.none") : any("later") && !day.value ? t("answer.noDay") : "";
    if (problem.value) return;
    const note = String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("note") ?? "").trim() || null;
    answer({
      accept: of("accept"), later: of("later"), expectedOn: any("later") ? day.value : null,
      reject: of("reject").map((/** @type {any} */ each) => ({ ...each, reason: reason.value, note, sellsOut: sellsOut(reason.value) })),
    });
  }

  return html`<form class="stack" onSubmit=${submit} onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Escape" && leave()}>
    <p ref=${heading} tabindex="-1">${t("answer.what")}</p>
    ${problem.value && html`<div class="notice bad" role="alert">${problem.value}</div>`}
    ${order.lines.map((/** @type {any} */ line) => html`<fieldset key=${line.id} class="row"><legend>${line.name} (${line.sku}), ${line.quantity} ×</legend>
      ${KINDS.map((kind) => html`<${Quantity} key=${kind} id=${`${kind}-${line.id}`} label=${t(`answer.${kind}`)} value=${counts.value[line.id][kind]} max=${line.quantity} change=${(/** @type {number} */ value) => set(line, kind, value)} />`)}</fieldset>`)}
    ${any("later") && html`<div class="field"><label for="expected">${t("answer.day")}</label><input id="expected" type="date" value=${day.value} onInput=${(/** @type {Event} */ event) => { day.value = /** @type {HTMLInputElement} */ (event.target).value; }} />
      <p class="muted">${t("answer.laterFollows")}</p></div>`}
    ${any("reject") && html`<div class="field"><label for="reason">${t("reject.why")}</label>
        <select id="reason" value=${reason.value} onChange=${(/** @type {Event} */ event) => { reason.value = /** @type {HTMLSelectElement} */ (event.target).value; }}>${REASONS.map((each) => html`<option key=${each} value=${each}>${t(`reason.${each}`)}</option>`)}</select></div>
      <div class="field"><label for="note">${t("reject.note")}</label><input id="note" name="note" maxlength="300" /></div>
      ${sellsOut(reason.value) && html`<${Stock} lines=${order.lines.filter((/** @type {any} */ line) => counts.value[line.id].reject).map((/** @type {any} */ line) => ({ ...line, locationId: order.locationId }))} />`}
      <p class="muted">${t("reject.follows")}</p>`}
    <div class="row"><button class="button main" aria-disabled=${busy}>${t("answer.do")}</button>
      <button type="button" class="button" onClick=${leave}>${t("action.back")}</button></div>
  </form>`;
}
