/** A return beside the list: look at the goods, say in which condition they are, decide. */
import { ask, change } from "../../shared/api.js";
import { Failure, unanswered, words } from "../../shared/components/failure.js";
import { Photos } from "../../shared/components/photos.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { tell } from "../../shared/components/toast.js";
import { dateTime } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { withQuery } from "../../shared/router.js";
import { html, useEffect, useRef, useSignal } from "../../shared/ui.js";
import { DECIDE_RETURN, MARK_ARRIVED, ONE_RETURN, PREVIEW_DECISION, RENEW_LABEL } from "../operations.js";
import { DecisionForm } from "./decision-form.js";
import { CONDITIONS, Message, undecided } from "./return-message.js";

/** @param {{id: string, seen?: string, changed: () => void, finished: () => void}} props */
export function ReturnPanel({ id, seen, changed, finished }) {
  const it = useSignal(/** @type {any} */ (undefined));
  const problem = useSignal(/** @type {any} */ (null));
  const condition = useSignal("");
  const form = useSignal(/** @type {"part" | "refuse" | null} */ (null));
  const message = useSignal(/** @type {any} */ (null));
  const busy = useSignal(false);
  const unsure = useSignal(false);
  const heading = useRef(/** @type {HTMLElement | null} */ (null));

  async function load() {
    problem.value = null;
    try {
      it.value = (await ask(ONE_RETURN, { id })).partnerReturn;
      unsure.value = false;
      if (it.value && open(it.value) && !form.value) await preview(all("NEW"));
    } catch (failed) {
      problem.value = failed;
    }
  }
  useEffect(() => void load(), [id]);
  useEffect(() => {
    if (seen && it.value && seen !== it.value.updatedAt && !busy.value && !form.value) load();
  }, [seen]);
  useEffect(() => heading.current?.focus(), [it.value?.id]);

  /** Every piece that is left, accepted. @param {string} how */
  const all = (how) => it.value.lines.filter(undecided).map((/** @type {any} */ line) => ({ lineId: line.id, quantity: undecided(line), condition: how, accepted: true }));

  /** @param {any[]} pieces */
  async function preview(pieces) {
    message.value = (await ask(PREVIEW_DECISION, { id, pieces })).previewReturnDecision;
  }

  /** @param {() => Promise<void>} doing */
  async function act(doing) {
    if (busy.value) return;
    busy.value = true;
    try {
      await doing();
    } catch (/** @type {any} */ refused) {
      unsure.value = unanswered(refused);
      const by = refused.code === "RETURN_ALREADY_DECIDED" && refused.details.by;
      tell([words(refused), by && t("return.by", { name: by }), unsure.value && t("error.maybeChanged")].filter(Boolean).join(" "), { tone: "bad" });
      await load();
      changed();
    }
    busy.value = false;
  }

  /** @param {any[]} pieces */
  const decide = (pieces) => act(async () => {
    await change(DECIDE_RETURN, { id, pieces });
    const refunded = pieces.some((each) => each.accepted);
    tell(t(refunded ? "return.accepted" : "return.refused", { number: it.value.number }));
    finished();
  });
  const accept = () => {
    if (condition.value) decide(all(condition.value));
    else tell(t("return.conditionFirst"), { tone: "bad" });
  };
  const arrived = () => act(async () => {
    await change(MARK_ARRIVED, { id });
    tell(t("return.marked", { number: it.value.number }));
    finished();
  });
  const label = () => act(async () => {
    await change(RENEW_LABEL, { id });
    tell(t("return.labelSent"));
    await load();
  });

  /** Single letters count here, but not while somebody types. @param {KeyboardEvent} event */
  function key(event) {
    const typing = event.target instanceof Element && event.target.closest("form, input:not([type=radio])");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !it.value || !open(it.value)) return;
    const chosen = CONDITIONS[Number(event.key) - 1];
    if (chosen) condition.value = chosen;
    else if (event.key === "a") accept();
  }

  // What was read before stays, and with it what is being typed.
  const failed = problem.value && html`<${Failure} problem=${problem.value} retry=${load} changed=${unsure.value} />`;
  if (failed && !it.value) return html`<aside class="panel">${failed}</aside>`;
  if (it.value === undefined) return html`<aside class="panel"><${Skeleton} rows=${4} /></aside>`;
  if (it.value === null) return html`<aside class="panel stack"><p>${t("return.gone")}</p><a href=${withQuery({ return: null })}>${t("action.close")}</a></aside>`;
  const found = it.value;
  return html`<aside class="panel stack" aria-label=${found.number} onKeyDown=${key}>
    <div class="row"><h2 ref=${heading} tabindex="-1">${found.number}</h2><span class="muted">${t(`returns.phase.${found.phase}`)}</span>
      <a class="button plain push" href=${withQuery({ return: null })} aria-label=${t("action.close")}>×</a></div>
    ${failed}
    <dl class="facts"><dt>${t("returns.order")}</dt><dd>${found.orderNumber}</dd>
      ${found.note && html`<dt>${t("return.note")}</dt><dd>${found.note}</dd>`}
      ${found.dueAt && html`<dt>${t("return.due")}</dt><dd>${dateTime(found.dueAt)}</dd>`}</dl>
    <${Lines} found=${found} />
    <${Photos} address=${`/files/returns/${id}/photos`} photos=${found.photos} changed=${load} />
    ${open(found) && !form.value && html`<div class="stack">
      <div role="radiogroup" class="row" aria-label=${t("return.condition")}>${CONDITIONS.map((name, at) => html`<label key=${name} class="check">
        <input type="radio" name="condition" value=${name} checked=${condition.value === name} onChange=${() => { condition.value = name; }} /> ${t(`condition.${name}`)} <kbd>${at + 1}</kbd></label>`)}</div>
      ${message.value && html`<${Message} message=${message.value} />`}
      <div class="row"><button type="button" class="button main" aria-disabled=${busy.value || !condition.value} onClick=${accept}>${t("return.accept")}</button>
        <button type="button" class="button" onClick=${() => { form.value = "part"; }}>${t("return.part")}</button>
        <button type="button" class="button" onClick=${() => { form.value = "refuse"; }}>${t("return.refuse")}</button></div>
      ${found.phase === "ANNOUNCED" && html`<div class="row"><button type="button" class="button plain" onClick=${arrived}>${t("return.onlyArrived")}</button>
        <button type="button" class="button plain" onClick=${label}>${t("return.newLabel")}</button></div>`}</div>`}
    ${form.value && html`<${DecisionForm} found=${found} kind=${form.value} condition=${condition.value || "USED"} busy=${busy.value}
      message=${message.value} preview=${preview} decide=${decide} leave=${() => { form.value = null; preview(all("NEW")); heading.current?.focus(); }} />`}
  </aside>`;
}

/** @param {any} found */
const open = (found) => found.phase !== "ENDED" && found.lines.some(undecided);

/** @param {{found: any}} props */
function Lines({ found }) {
  return html`<ul role="list" class="lines" aria-label=${t("order.lines")}>${found.lines.map((/** @type {any} */ line) => html`<li key=${line.id}>
    <span>${line.name}<br /><span class="muted">${line.sku} · ${t(`returnReason.${line.reason}`)} ${line.note}</span></span><span class="number">${line.quantity} ×</span>
    ${line.decisions.map((/** @type {any} */ each) => html`<span class="muted">${decision(each)}</span>`)}
  </li>`)}</ul>`;
}

/** @param {any} each */
function decision({ quantity, condition, accepted, reason, at, by }) {
  const said = t(accepted ? "return.wasAccepted" : "return.wasRefused", { count: quantity, condition: t(`condition.${condition ?? "USED"}`) });
  return [said, reason, dateTime(at), by && t("return.by", { name: by })].filter(Boolean).join(" · ");
}
