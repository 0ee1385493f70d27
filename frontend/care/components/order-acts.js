/** What keeps an order from moving, what was told to its customer, and what care does about both. */
import { ask, change } from "../../shared/api.js";
import { may } from "../../shared/auth.js";
import { StatusPill } from "../../shared/components/status-pill.js";
import { tell } from "../../shared/components/toast.js";
import { actor, dateTime } from "../../shared/format.js";
import { lazy } from "../../shared/lazy.js";
import { t } from "../../shared/messages.js";
import { html, useSignal } from "../../shared/ui.js";
import { orderAddress } from "../addresses.js";
import { HOLD, MESSAGES, RELEASE, RESEND } from "../operations/order.js";
import { ourReason } from "../order-facts.js";

const Letter = lazy(() => import("./letter.js"), "Letter");
/** @typedef {(doing: () => Promise<unknown>) => Promise<boolean>} Act */

const OVER = ["COMPLETED", "CLOSED", "CANCELED", "REJECTED"];
const TONES = /** @type {Record<string, "ok" | "warn" | "bad">} */ ({ "message.sent": "ok", "message.waits": "warn", "message.failed": "bad" });

/** Holds that are open, each with its way out; undo puts it back. @param {{order: any, busy: boolean, act: Act}} props */
export function Holds({ order, busy, act }) {
  const holds = order.holds.filter((/** @type {any} */ each) => !each.releasedAt);
  const release = (/** @type {any} */ hold) => act(async () => {
    await change(RELEASE, { id: hold.id, note: null });
    const again = () => act(() => change(HOLD, { id: order.id, reason: hold.reason }));
    tell(t("holds.released"), hold.kind === "MANUAL" ? { undo: again } : {});
  });
  if (!holds.length) return null;
  return html`<div class="notice warn stack">${holds.map((/** @type {any} */ hold) => html`<div key=${hold.id} class="row">
    <p><strong>${t("holds.held", { kind: t(`hold.${hold.kind}`) })}</strong> ${why(hold.reason)} <span class="muted">${actor(hold.placedBy)}, ${dateTime(hold.placedAt)}</span></p>
    ${may(hold.kind === "RISK" ? "risk:review" : "holds:write") ? may("holds:write") && html`<button type="button" class="button push" aria-disabled=${busy} onClick=${() => release(hold)}>${t("holds.release")}</button>` : hold.kind === "RISK" && html`<span class="muted">${t("holds.lead")}</span>`}</div>`)}</div>`;
}

/** @param {{order: any, busy: boolean, act: Act}} props */
export function PlaceHold({ order, busy, act }) {
  const reason = useSignal("");
  const open = useSignal(false);
  if (!may("holds:write") || OVER.includes(order.state)) return null;
  async function hold(/** @type {SubmitEvent} */ event) {
    event.preventDefault();
    const done = await act(async () => {
      const { hold: placed } = await change(HOLD, { id: order.id, reason: reason.value });
      tell(t("holds.placed"), { undo: () => act(() => change(RELEASE, { id: placed.id, note: null })) });
    });
    if (!done) return;
    reason.value = "";
    open.value = false;
  }
  return html`<details class="part" open=${open.value} onToggle=${(/** @type {Event} */ event) => { open.value = /** @type {HTMLDetailsElement} */ (event.target).open; }}>
    <summary>${t("holds.place")}</summary>
    <form class="row foot" onSubmit=${hold}>
      <div class="field"><label for="hold-reason">${t("holds.reason")}</label>
        <input id="hold-reason" required maxlength="500" value=${reason.value} onInput=${(/** @type {Event} */ event) => { reason.value = /** @type {HTMLInputElement} */ (event.target).value; }} /></div>
      <button class="button" aria-disabled=${busy}>${t("holds.do")}</button>
    </form></details>`;
}

/** What was sent and what came in, how that went, and sending it again; that one came back is told at the message itself.
 * `newest` is the latest page of messages, `received` that of mails; earlier messages are read on.
 * @param {{order: any, newest: any, received: any, busy: boolean, act: Act}} props */
export function Messages({ order, newest, received, busy, act }) {
  const older = useSignal(/** @type {any} */ ({ entries: [], endCursor: null, read: false }));
  const known = new Set(newest.entries.map((/** @type {any} */ each) => each.id));
  const sent = [...newest.entries, ...older.value.entries.filter((/** @type {any} */ each) => !known.has(each.id))];
  const cursor = older.value.read ? older.value.endCursor : newest.endCursor;
  const rows = inOrder(sent, received.nodes, Boolean(cursor));
  const earlier = () => act(async () => {
    const { messages } = await ask(MESSAGES, { id: order.id, after: cursor });
    older.value = { entries: [...older.value.entries, ...messages.entries], endCursor: messages.endCursor, read: true };
  });
  const again = (/** @type {any} */ entry) => act(async () => {
    await change(RESEND, { id: entry.subject });
    tell(t("messages.again"));
  });
  const reading = useSignal(/** @type {any} */ (null));
  const read = (/** @type {any} */ row, /** @type {string} */ about) => html`<button type="button" class="button small push" aria-label=${t("messages.readOne", { subject: about })} onClick=${() => { reading.value = row; }}>${t("messages.read")}</button>`;
  const contacts = orderAddress(order.number, "contacts");
  return html`<section class="part" aria-label=${t("messages.title")}><h2>${t("messages.title")} <span class="badge">${rows.length}</span></h2>
    ${!rows.length && html`<p class="muted">${t("messages.none")}</p>`}
    <ul role="list" class="stack">${rows.map(({ entry, mail }) => (mail ? html`<li key=${mail.id} class="row">
      <${StatusPill} tone="info">${t("messages.received")}<//>
      <span>${mail.topic} <span class="muted">${mail.address}, ${dateTime(mail.createdAt)}</span></span>${read({ mail }, mail.topic)}
      ${may("care:write") && html`<a class="button small" href=${`${contacts}?channel=EMAIL`} aria-label=${t("messages.answerOne", { subject: mail.topic })}>${t("messages.answer")}</a>`}</li>`
      : html`<li key=${entry.id} class="row">
      <${StatusPill} tone=${TONES[entry.name]}>${t(`messages.${entry.name}`)}<//>
      <span>${subject(entry)} <span class="muted">${dateTime(entry.at)}</span>${entry.name === "message.failed" && html`<br /><span class="late">${[valueOf(entry, "recipient"), valueOf(entry, "message")].filter(Boolean).join(": ")}</span>`}</span>
      ${read({ entry }, subject(entry))}
      ${(may("care:write") || may("notifications:write")) && html`<button type="button" class="button small" aria-disabled=${busy} onClick=${() => again(entry)}
        aria-label=${t("messages.resendOne", { subject: subject(entry) })}>${t("messages.resend")}</button>`}</li>`))}</ul>
    ${cursor && html`<p><button type="button" class="button" aria-disabled=${busy} onClick=${earlier}>${t("messages.earlier")}</button></p>`}
    ${!cursor && received.pageInfo.hasNextPage && html`<p><a href=${contacts}>${t("messages.allReceived")}</a></p>`}
    ${reading.value && html`<${Letter} id=${reading.value.entry?.subject} mail=${reading.value.mail} title=${reading.value.mail ? reading.value.mail.topic : subject(reading.value.entry)} leave=${() => { reading.value = null; }} />`}
  </section>`;
}

/** Messages and mails, the latest first. While earlier messages are still to be read (`more`), mails are shown no further back than these.
 * @param {any[]} sent @param {any[]} mails @param {boolean} more @returns {{at: string, entry?: any, mail?: any}[]} */
function inOrder(sent, mails, more) {
  const from = more ? new Date(sent.at(-1)?.at ?? 0).getTime() : 0;
  const all = [...sent.filter((each) => each.name.startsWith("message.")).map((entry) => ({ at: entry.at, entry })), ...mails.filter((each) => new Date(each.createdAt).getTime() >= from).map((mail) => ({ at: mail.createdAt, mail }))];
  return all.sort((one, other) => new Date(other.at).getTime() - new Date(one.at).getTime());
}

/** @param {string} reason */
const why = (reason) => (ourReason(reason) ? t(`ourReason.${ourReason(reason)}`) : reason);

/** @param {any} entry */
const subject = (entry) => entry.text.split(": ").slice(1).join(": ") || entry.text;

/** @param {any} entry @param {string} name @returns {string | null | undefined} */
const valueOf = (entry, name) => entry.details.find((/** @type {any} */ each) => each.name === name)?.after;
