/** A case beside its queue: what it is about, and what can be done about it without leaving. */
import { ask, change } from "../../shared/api.js";
import { may, me } from "../../shared/auth.js";
import { Failure } from "../../shared/components/failure.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { tell } from "../../shared/components/toast.js";
import { dateTime } from "../../shared/format.js";
import { lazy } from "../../shared/lazy.js";
import { t } from "../../shared/messages.js";
import { go, withQuery } from "../../shared/router.js";
import { useShortcuts } from "../../shared/shortcuts.js";
import { html, useEffect, useRef, useSignal } from "../../shared/ui.js";
import { useActing } from "../acting.js";
import { orderAddress } from "../addresses.js";
import { ASK_LABEL, FINISH, GIVE_BACK, ONE_CASE, RELEASE, TAKE, WAIT } from "../operations/cases.js";
import { CaseFacts } from "./case-facts.js";
import { CaseHands, mayHandOver } from "./case-hands.js";

const CaseOffers = lazy(() => import("./case-offers.js"), "CaseOffers");
const CaseRisk = lazy(() => import("./case-risk.js"), "CaseRisk");
const CaseSolve = lazy(() => import("./case-solve.js"), "CaseSolve");
const HOUR = 3_600_000; // milliseconds
const DAY = 24 * HOUR;

/** When a day's work begins; in an hour where it has begun already, as nothing waits for what has passed. @param {string} day */
const morningOf = (day) => new Date(Math.max(Date.parse(`${day}T08:00:00Z`), Date.now() + HOUR)).toISOString();

/** `seen` is when the list last saw it changed, or that it left the list; `next` takes the next one. @param {{id: string, seen?: string, changed: () => void, next: () => Promise<void>}} props */
export function CasePanel({ id, seen, changed, next }) {
  const found = useSignal(/** @type {any} */ (undefined));
  const problem = useSignal(/** @type {any} */ (null));
  const note = useSignal(sessionStorage.getItem(`case ${id}`) ?? "");
  const heading = useRef(/** @type {HTMLElement | null} */ (null));

  async function load() {
    try {
      found.value = (await ask(ONE_CASE, { id })).case;
      problem.value = null;
    } catch (failed) {
      problem.value = failed;
    }
  }
  const { busy, act } = useActing(async () => {
    await load();
    changed();
  });
  useEffect(() => void load(), []);
  useEffect(() => {
    if (seen && found.value && seen !== found.value.updatedAt && !busy.value) load();
  }, [seen]);
  useEffect(() => heading.current?.focus(), [found.value?.id]);

  const it = found.value;
  const mine = it?.ownerId === me.value?.id;
  const open = Boolean(it && it.state !== "DONE" && may("care:write"));
  const said = () => ({ id, note: note.value.trim() || null });
  function type(/** @type {Event} */ event) {
    note.value = /** @type {HTMLTextAreaElement} */ (event.target).value;
    sessionStorage.setItem(`case ${id}`, note.value);
  }
  const take = () => act(async () => {
    await change(TAKE, { id });
    tell(t("cases.taken"), { undo: giveBack });
  });
  const giveBack = () => act(() => change(GIVE_BACK, { id }));
  const waitUntil = (/** @type {string} */ moment) => act(async () => {
    await change(WAIT, { ...said(), until: moment });
    tell(t("cases.waits", { at: dateTime(moment) }), { undo: () => act(() => change(TAKE, { id })) });
  });
  const finish = (/** @type {boolean} */ further) => async () => {
    const done = await act(async () => {
      await change(FINISH, said());
      sessionStorage.removeItem(`case ${id}`);
      tell(t("cases.finished"));
    });
    if (done) further ? await next() : go(withQuery({ case: null }));
  };
  const release = () => act(async () => {
    await change(RELEASE, { id: it.facts.hold_id, note: note.value.trim() || null });
    tell(t("holds.released"));
  });
  const askLabel = () => act(async () => {
    await change(ASK_LABEL, { id: it.facts.return_id });
    tell(t("cases.labelAsked"));
  });
  useShortcuts(open && mine ? [{ keys: "Ctrl Enter", label: "cases.doneNext", run: () => document.querySelector("dialog[open]") || finish(true)(), anywhere: true }] : []);

  if (problem.value) return html`<aside class="panel"><${Failure} problem=${problem.value} retry=${load} /></aside>`;
  if (it === undefined) return html`<aside class="panel"><${Skeleton} rows=${4} /></aside>`;
  if (it === null) return html`<aside class="panel"><p>${t("cases.gone")}</p><a href=${withQuery({ case: null })}>${t("action.close")}</a></aside>`;
  return html`<aside class="panel stack" aria-label=${t(`case.kind.${it.kind}`)}>
    <div class="row"><h2 ref=${heading} tabindex="-1">${t(`case.kind.${it.kind}`)}</h2>
      <a class="button plain push" href=${withQuery({ case: null })} aria-label=${t("action.close")}>×</a></div>
    <dl class="facts">
      <dt>${t("cases.state")}</dt><dd>${t(`case.state.${it.state}`)}${it.ownerName && `, ${it.ownerName}`}</dd>
      ${it.orderNumber && html`<dt>${t("cases.order")}</dt><dd><a href=${orderAddress(it.orderNumber)}>${it.orderNumber}</a></dd>`}
      <dt>${t("queues.since")}</dt><dd>${dateTime(it.createdAt)}</dd>
      ${it.dueAt && html`<dt>${t("queues.due")}</dt><dd class=${it.escalatedAt ? "late" : undefined}>${dateTime(it.dueAt)}${it.escalatedAt && ` ${t("cases.escalated")}`}</dd>`}
      ${it.waitUntil && html`<dt>${t("cases.waitUntil")}</dt><dd>${dateTime(it.waitUntil)}</dd>`}
      <${CaseFacts} facts=${it.facts} /></dl>
    ${it.kind === "RISK_REVIEW" && it.orderId && html`<${CaseRisk} orderId=${it.orderId} note=${note.value} busy=${busy.value} act=${open && mine ? act : null} release=${open && mine && it.facts.hold_id ? release : null} />`}
    ${it.kind === "UNALLOCATED" && it.orderId && it.state !== "DONE" && html`<${CaseOffers} it=${it} changed=${load} wait=${open && mine && it.state === "ASSIGNED" ? (/** @type {string} */ day) => waitUntil(morningOf(day)) : null} />`}
    ${it.orderNumber && it.state !== "DONE" && html`<${CaseSolve} it=${it} changed=${load} />`}
    ${open && !it.ownerId && !it.decidable && html`<p class="notice">${t("cases.notYours")}</p>`}
    ${open && !it.ownerId && it.decidable && html`<div><button type="button" class="button main" aria-disabled=${busy.value} onClick=${take}>${t("cases.take")}</button></div>`}
    ${open && it.ownerId && !mine && html`<p class="notice">${t("cases.others", { name: it.ownerName ?? "" })}</p>`}
    ${open && mine && html`<div class="stack">
      <div class="field"><label for="case-note">${t("cases.note")}</label><textarea id="case-note" rows="2" maxlength="500" value=${note.value} onInput=${type}></textarea></div>
      <div class="row">
        <button type="button" class="button main" aria-disabled=${busy.value} onClick=${finish(true)}>${t("cases.doneNext")} <kbd>${t("shell.ctrl")} ⏎</kbd></button>
        <button type="button" class="button" aria-disabled=${busy.value} onClick=${finish(false)}>${t("cases.done")}</button>
        ${it.facts.hold_id && it.kind !== "RISK_REVIEW" && may("holds:write") && html`<button type="button" class="button" aria-disabled=${busy.value} onClick=${release}>${t("cases.release")}</button>`}
        ${it.kind === "RETURN_LABEL" && it.facts.code !== "NO_RETURN_PLACE" && html`<button type="button" class="button" aria-disabled=${busy.value} onClick=${askLabel}>${t("cases.label")}</button>`}
        ${it.state === "ASSIGNED" ? html`<button type="button" class="button" aria-disabled=${busy.value} onClick=${() => waitUntil(new Date(Date.now() + DAY).toISOString())}>${t("cases.wait")}</button>` : html`<button type="button" class="button" aria-disabled=${busy.value} onClick=${take}>${t("cases.goOn")}</button>`}
        <button type="button" class="button plain" aria-disabled=${busy.value} onClick=${giveBack}>${t("cases.giveBack")}</button></div></div>`}
    ${open && mayHandOver(it) && html`<${CaseHands} key=${it.ownerId} it=${it} changed=${async () => { await load(); changed(); }} />`}
  </aside>`;
}
