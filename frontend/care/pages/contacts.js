/** What was said with the customer of an order, and saying more: a call, a note, a mail. */
import { ask, change } from "../../shared/api.js";
import { may } from "../../shared/auth.js";
import { EmptyState } from "../../shared/components/empty-state.js";
import { Failure } from "../../shared/components/failure.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { tell } from "../../shared/components/toast.js";
import { date, dateTime } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { place } from "../../shared/router.js";
import { html, useEffect, useSignal } from "../../shared/ui.js";
import { useActing } from "../acting.js";
import { byKey } from "../addresses.js";
import { ContactForm } from "../components/contact-form.js";
import { OrderHead } from "../components/order-head.js";
import { BOUNCES, CONTACTS, FOLLOWED_UP } from "../operations/contacts.js";
import { useTitle } from "../titles.js";

/** @param {{order: string}} props */
export function Page({ order: key }) {
  const found = useSignal(/** @type {any} */ (undefined));
  const bounced = useSignal(/** @type {any[]} */ ([]));
  const problem = useSignal(/** @type {any} */ (null));
  const correcting = useSignal(/** @type {any} */ (null));

  async function load() {
    try {
      found.value = await ask(CONTACTS, byKey(key));
      problem.value = null;
      if (found.value.order && may("notifications:read")) {
        const { notifications } = await ask(BOUNCES, { order: found.value.order.id });
        bounced.value = notifications.nodes.filter((/** @type {any} */ each) => each.state === "BOUNCED" || each.state === "FAILED");
      }
    } catch (failed) {
      problem.value = failed;
    }
  }
  const { busy, act } = useActing(load);
  const it = found.value?.order;
  useEffect(() => void load(), []);
  useTitle(it && t("contacts.of", { number: it.number }));

  if (!found.value) return problem.value ? html`<${Failure} problem=${problem.value} retry=${load} />` : html`<${Skeleton} />`;
  if (!it) return html`<${EmptyState} title=${t("order.unknown")} text=${t("order.unknownText", { key })}><a class="button" href="/care">${t("page.home")}</a><//>`;
  const contacts = found.value.contacts.nodes;
  const done = (/** @type {string} */ words) => {
    correcting.value = null;
    tell(words);
    load();
  };
  return html`<div class="stack">
    ${problem.value && html`<${Failure} problem=${problem.value} retry=${load} />`}
    <${OrderHead} order=${it} />
    ${bounced.value.map((each) => html`<p key=${each.id} class="notice bad">${t("contacts.bounced", { subject: each.subject ?? each.template, to: each.recipient })} <span class="muted">${each.bounce ?? ""}</span></p>`)}
    <div class="sides">
      ${may("care:write") && html`<${ContactForm} key=${correcting.value?.id ?? "new"} order=${it} corrected=${correcting.value} begin=${Object.fromEntries(place.value.query)} done=${done} leave=${() => { correcting.value = null; }} />`}
      <${Contacts} contacts=${contacts} busy=${busy.value} followedUp=${(/** @type {any} */ each) => act(async () => {
        await change(FOLLOWED_UP, { id: each.id });
        tell(t("contacts.followedUp"));
      })} correct=${(/** @type {any} */ each) => { correcting.value = each; }} />
    </div>
  </div>`;
}

/** @param {{contacts: any[], busy: boolean, followedUp: (contact: any) => void, correct: (contact: any) => void}} props */
function Contacts({ contacts, busy, followedUp, correct }) {
  const corrected = new Set(contacts.map((each) => each.correctsId).filter(Boolean));
  const isOpen = (/** @type {any} */ each) => each.followUpOn && !each.followUpDoneAt;
  return html`<section class="part" aria-label=${t("contacts.title")}><h2>${t("contacts.title")} <span class="badge">${contacts.length}</span></h2>
    ${!contacts.length && html`<p class="muted">${t("contacts.none")}</p>`}
    <ul role="list" class="stack">${contacts.map((each) => html`<li key=${each.id} class="stack close said">
      <div class="row wrap"><strong>${t(`contacts.channel.${each.channel}`)}: ${each.topic}</strong>
        <span class="muted">${each.direction === "INTERNAL" ? "" : `${t(`contacts.direction.${each.direction}`)}, `}${each.address ? t("contacts.from", { address: each.address }) : each.createdBy}, ${dateTime(each.createdAt)}</span>
        ${corrected.has(each.id) && html`<span class="muted">${t("contacts.wasCorrected")}</span>`}
        ${each.correctsId && html`<span class="muted">${t("contacts.corrects")}</span>`}</div>
      ${each.text.split("\n").filter(Boolean).map((/** @type {string} */ line, /** @type {number} */ at) => html`<p key=${at}>${line}</p>`)}
      ${each.followUpOn && html`<p class=${isOpen(each) ? undefined : "muted"}>${isOpen(each) ? t("contacts.follow", { day: date(each.followUpOn) }) : t("contacts.followedBy", { who: each.followUpDoneBy })}</p>`}
      ${may("care:write") && html`<div class="row">
        ${isOpen(each) && html`<button type="button" class="button small" aria-disabled=${busy} aria-label=${t("contacts.doneOne", { topic: each.topic })} onClick=${() => followedUp(each)}>${t("contacts.done")}</button>`}
        ${!corrected.has(each.id) && each.channel !== "EMAIL" && html`<button type="button" class="button small" aria-label=${t("contacts.correctOne", { topic: each.topic })} onClick=${() => correct(each)}>${t("contacts.correct")}</button>`}</div>`}
    </li>`)}</ul>
  </section>`;
}
