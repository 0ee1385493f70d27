/** Writing down what was said with somebody, about no order: a customer who is known, or a person who is noted first. */
import { ask, change } from "../../shared/api.js";
import { Dialog } from "../../shared/components/dialog.js";
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { tell } from "../../shared/components/toast.js";
import { forget, useDraft } from "../../shared/drafts.js";
import { LANGUAGES, language, t } from "../../shared/messages.js";
import { html, useEffect, useRef, useSignal } from "../../shared/ui.js";
import { LOG } from "../operations/contacts.js";
import { NOTE_CUSTOMER, PEOPLE } from "../operations/customers.js";
import { useKeys } from "../previewing.js";

const CHANNELS = ["PHONE", "EMAIL", "CHAT", "LETTER", "STORE", "NOTE"];

/** @typedef {{id: string, name: string}} Person */

/** `person` where it is known from where one comes. @param {{person?: Person, leave: () => void, done: (person: Person) => unknown}} props */
export function NewContact({ person, leave, done }) {
  const chosen = useSignal(/** @type {Person | null} */ (person ?? null));
  const unknown = useSignal(false);
  const send = () => /** @type {HTMLFormElement | null} */ (document.querySelector(".dialog form"))?.requestSubmit();
  const title = chosen.value ? t("newContact.with", { name: chosen.value.name }) : t("newContact.title");
  return html`<${Dialog} title=${title} leave=${leave} send=${send}>
    ${chosen.value ? html`<${Said} person=${chosen.value} done=${done} />` : unknown.value ? html`<${Noted} choose=${(/** @type {Person} */ found) => { chosen.value = found; }} back=${() => { unknown.value = false; }} />`
      : html`<${Who} choose=${(/** @type {Person} */ found) => { chosen.value = found; }} nobody=${() => { unknown.value = true; }} />`}<//>`;
}

/** @param {{choose: (person: Person) => void, nobody: () => void}} props */
function Who({ choose, nobody }) {
  const found = useSignal(/** @type {any[] | null} */ (null));
  const form = useForm(async (given) => {
    const { search } = await ask(PEOPLE, { term: given.get("term") });
    found.value = search.hits.filter((/** @type {any} */ hit) => hit.person?.id);
  });
  return html`<form class="stack" role="search" onSubmit=${form.submit}><${Summary} form=${form} />
      <div class="row foot"><label class="searching stack close"><span>${t("newContact.who")}</span><input autofocus class="control" type="search" name="term" required autocomplete="off" /></label>
        <${Submit} form=${form}>${t("search.go")}<//></div></form>
    ${found.value && html`<p role="status" class=${found.value.length ? "unseen" : "muted"}>${found.value.length ? t("search.count", { count: found.value.length }) : t("newContact.none")}</p>
      <ul role="list" class="hits">${found.value.map((hit) => html`<li key=${hit.person.id}><button type="button" class="button plain wide" onClick=${() => choose(hit.person)}>
        <span><strong>${hit.person.name}</strong> <span class="muted">${[hit.person.email, hit.person.number].filter(Boolean).join(" · ")}</span></span></button></li>`)}</ul>`}
    <div><button type="button" class="button" onClick=${nobody}>${t("newContact.unknown")}</button></div>`;
}

/** What goes to a form's `ref` so that its first field has the focus. */
function useFirst() {
  const self = useRef(/** @type {HTMLFormElement | null} */ (null));
  useEffect(() => self.current?.querySelector("input")?.focus(), []);
  return self;
}

/** A person nobody knows yet, so that they are found when they call again. @param {{choose: (person: Person) => void, back: () => void}} props */
function Noted({ choose, back }) {
  const keyOf = useKeys();
  const self = useFirst();
  const form = useForm(async (given) => {
    const text = (/** @type {string} */ name) => String(given.get(name) ?? "").trim();
    const input = { name: text("name"), email: text("email") || null, phone: text("phone") || null, language: text("language") };
    const { customer } = await change(NOTE_CUSTOMER, input, { key: keyOf(JSON.stringify(input)) });
    choose({ id: customer.id, name: input.name });
  });
  const labels = { name: t("newContact.name"), email: t("customer.email"), phone: t("customer.phone") };
  return html`<form ref=${self} class="stack" onSubmit=${form.submit}><p class="muted">${t("newContact.unknownText")}</p>
    <${Summary} form=${form} fields=${labels} prefix="person-" />
    <${Field} form=${form} name="name" prefix="person-" label=${labels.name} required maxlength="200" autocomplete="off" />
    <div class="row"><${Field} form=${form} name="phone" prefix="person-" type="tel" label=${labels.phone} maxlength="40" autocomplete="off" />
      <${Field} form=${form} name="email" prefix="person-" type="email" label=${labels.email} maxlength="254" autocomplete="off" />
      <${Field} form=${form} name="language" prefix="person-" label=${t("customer.language")} options=${LANGUAGES.map((each) => [each, t(`contacts.language.${each}`)])} defaultValue=${language.value} /></div>
    <div class="row"><${Submit} form=${form}>${t("newContact.on")}<//><button type="button" class="button" onClick=${back}>${t("action.back")}</button></div></form>`;
}

/** @param {{person: Person, done: (person: Person) => unknown}} props */
function Said({ person, done }) {
  const key = `contact-with-${person.id}`;
  const ref = useDraft(key);
  const channel = useSignal("PHONE");
  const keyOf = useKeys();
  useEffect(() => {
    const way = ref.current?.elements.namedItem("channel");
    if (way instanceof HTMLSelectElement) channel.value = way.value; // as it was left
    /** @type {HTMLElement | null | undefined} */ (ref.current?.querySelector("[name=topic]"))?.focus();
  }, []);
  const form = useForm(async (given) => {
    const text = (/** @type {string} */ name) => String(given.get(name) ?? "");
    const input = { customerId: person.id, channel: channel.value, direction: channel.value === "NOTE" ? "INTERNAL" : text("direction"), topic: text("topic"), text: text("text"), followUpOn: text("followUpOn") || null };
    await change(LOG, { input }, { key: keyOf(JSON.stringify(input)) });
    forget(key);
    tell(t("contacts.kept"));
    await done(person);
  });
  return html`<form ref=${ref} class="stack" onSubmit=${form.submit}>
    <${Summary} form=${form} prefix="contact-" fields=${{ topic: t("contacts.topic"), text: t("contacts.text"), followUpOn: t("contacts.followUp") }} />
    <div class="row wrap"><${Field} form=${form} name="channel" prefix="contact-" label=${t("contacts.channel")} options=${CHANNELS.map((each) => [each, t(`contacts.channel.${each}`)])}
        onChange=${(/** @type {Event} */ event) => { channel.value = /** @type {HTMLSelectElement} */ (event.target).value; }} />
      ${channel.value !== "NOTE" && html`<${Field} form=${form} name="direction" prefix="contact-" label=${t("contacts.direction")} options=${["INBOUND", "OUTBOUND"].map((each) => [each, t(`contacts.direction.${each}`)])} />`}</div>
    <${Field} form=${form} name="topic" prefix="contact-" label=${t("contacts.topic")} required maxlength="200" />
    <div class="field"><label for="contact-text">${t("contacts.text")}</label><textarea id="contact-text" name="text" rows="5" maxlength="20000"></textarea></div>
    <${Field} form=${form} name="followUpOn" type="date" prefix="contact-" label=${t("contacts.followUp")} hint=${t("contacts.followUpHint")} />
    <div class="row"><${Submit} form=${form}>${t("contacts.save")} <kbd>${t("shell.ctrl")} ⏎</kbd><//></div></form>`;
}
