/** Piece by piece: how many are taken back, how many are not, and why not. The customer's text follows what is typed. */
import { t } from "../../shared/messages.js";
import { html, useEffect, useRef, useSignal } from "../../shared/ui.js";
import { CONDITIONS, Message, undecided } from "./return-message.js";

const PAUSE = 400; // milliseconds after typing

/**
 * @param {{found: any, kind: "part" | "refuse", condition: string, busy: boolean, message: any, preview: (pieces: any[]) => Promise<void>,
 *   decide: (pieces: any[]) => void, leave: () => void}} props
 */
export function DecisionForm({ found, kind, condition, busy, message, preview, decide, leave }) {
  const fault = useSignal("");
  const form = useRef(/** @type {HTMLFormElement | null} */ (null));
  const timer = useRef(0);
  const lines = found.lines.filter(undecided);
  const partly = kind === "part";
  useEffect(() => /** @type {HTMLElement | null} */ (form.current?.querySelector("input, select"))?.focus(), []);
  useEffect(() => () => clearTimeout(timer.current), []);

  /** What is typed, as decisions. */
  function pieces() {
    const given = new FormData(/** @type {HTMLFormElement} */ (form.current));
    const reason = String(given.get("reason")).trim();
    return lines.flatMap((/** @type {any} */ line) => {
      const how = given.get(`c-${line.id}`);
      const taken = Number(given.get(`a-${line.id}`) ?? 0);
      const refused = Number(given.get(`r-${line.id}`));
      return [{ lineId: line.id, quantity: taken, condition: how, accepted: true }, { lineId: line.id, quantity: refused, condition: how, accepted: false, reason }];
    }).filter((/** @type {any} */ each) => each.quantity > 0);
  }

  function typed() {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      const found = pieces();
      if (found.length && found.every((/** @type {any} */ each) => each.accepted || each.reason)) preview(found).catch(() => {});
    }, PAUSE);
  }

  function submit(/** @type {SubmitEvent} */ event) {
    event.preventDefault();
    const wanted = pieces();
    fault.value = wanted.length ? "" : t("return.nothing");
    if (wanted.some((/** @type {any} */ each) => !each.accepted && !each.reason)) fault.value = t("return.reasonMissing");
    if (!fault.value && !busy) decide(wanted);
  }

  return html`<form ref=${form} class="stack" onSubmit=${submit} onInput=${typed} onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Escape" && leave()}>
    ${fault.value && html`<div class="notice bad" role="alert">${fault.value}</div>`}
    ${lines.map((/** @type {any} */ line) => html`<fieldset key=${line.id} class="row"><legend>${line.name}</legend>
      <div class="field"><label for=${`c-${line.id}`}>${t("return.condition")}</label>
        <select id=${`c-${line.id}`} name=${`c-${line.id}`}>${CONDITIONS.map((name) => html`<option key=${name} value=${name} selected=${name === condition}>${t(`condition.${name}`)}</option>`)}</select></div>
      ${partly && Count(line, "a", t("return.take"), undecided(line))}
      ${Count(line, "r", t("return.doNotTake"), partly ? 0 : undecided(line))}</fieldset>`)}
    <div class="field"><label for="reason">${t("return.reason")}</label><input id="reason" name="reason" maxlength="300" /></div>
    ${message && html`<${Message} message=${message} />`}
    <div class="row"><button class="button main" aria-disabled=${busy}>${t(partly ? "return.partDo" : "return.refuseDo")}</button>
      <button type="button" class="button" onClick=${leave}>${t("action.back")}</button></div>
  </form>`;
}

/** @param {any} line @param {string} prefix @param {string} label @param {number} start */
function Count(line, prefix, label, start) {
  const id = `${prefix}-${line.id}`;
  return html`<div class="field"><label for=${id}>${label}</label>
    <input id=${id} name=${id} type="number" min="0" max=${undecided(line)} defaultValue=${start} inputmode="numeric" /></div>`;
}
