/** Writing down what was said, or writing to the customer; what is typed survives until it is kept. */
import { ask, change } from "../../shared/api.js";
import { may } from "../../shared/auth.js";
import { words } from "../../shared/components/failure.js";
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { tell } from "../../shared/components/toast.js";
import { draft, forget, keep, useDraft } from "../../shared/drafts.js";
import { t } from "../../shared/messages.js";
import { useShortcuts } from "../../shared/shortcuts.js";
import { html, useEffect, useSignal } from "../../shared/ui.js";
import { CORRECT, FILLED, LOG, WRITE } from "../operations/contacts.js";

const CHANNELS = ["PHONE", "EMAIL", "CHAT", "LETTER", "STORE", "NOTE"];
/** Messages an agent may begin a mail from. */
const TEMPLATES = ["order_confirmed", "payment_awaited", "delayed", "shipped", "ready_for_pickup", "delivered", "canceled", "return_approved", "return_received", "refunded", "goodwill"];

/**
 * `begin` is what the address says of the form; what was typed before counts more.
 * @param {{order: any, corrected: any, begin: Record<string, string>, done: (words: string) => void, leave: () => void}} props
 */
export function ContactForm({ order, corrected, begin, done, leave }) {
  const key = corrected ? `contact-${corrected.id}` : `contact-of-${order.id}`;
  const ref = useDraft(key);
  const channel = useSignal("PHONE");
  const imagined = useSignal(false);
  const form = useForm(async (given, there) => {
    const text = (/** @type {string} */ name) => String(given.get(name) ?? "");
    const followUpOn = text("followUpOn") || null;
    if (corrected) await change(CORRECT, { id: corrected.id, topic: text("topic"), text: text("text") });
    else if (isMail(channel.value)) await change(WRITE, { order: order.id, topic: text("topic"), text: text("text"), followUpOn });
    else await change(LOG, { input: { orderId: order.id, channel: channel.value, direction: channel.value === "NOTE" ? "INTERNAL" : text("direction"), topic: text("topic"), text: text("text"), followUpOn } });
    forget(key);
    there.reset();
    const mailed = isMail(channel.value);
    done(corrected ? t("contacts.corrected") : t(mailed ? "contacts.mailed" : "contacts.kept"));
    channel.value = "PHONE";
    imagined.value = false;
  });
  useEffect(() => {
    const chosen = ref.current?.elements.namedItem("channel");
    const typed = Object.keys(draft(key)).length > 0;
    if (chosen instanceof HTMLSelectElement) {
      if (!typed && CHANNELS.includes(begin.channel)) chosen.value = begin.channel;
      channel.value = chosen.value;
    }
    if (!corrected) {
      if (!typed && isMail(channel.value) && TEMPLATES.includes(begin.template) && may("notifications:read")) void fillFrom(begin.template);
      return;
    }
    fill(ref.current, { topic: corrected.topic, text: corrected.text });
    ref.current?.querySelector("input")?.focus();
  }, []);
  useShortcuts([{ keys: "Ctrl Enter", label: "contacts.save", run: () => ref.current?.requestSubmit(), anywhere: true }]);

  const fromTemplate = (/** @type {Event} */ event) => fillFrom(/** @type {HTMLSelectElement} */ (event.target).value);
  async function fillFrom(/** @type {string} */ chosen) {
    if (!chosen) return;
    try {
      const { previewMessage: filled } = await ask(FILLED, { order: order.id, template: chosen, on: begin.on ?? null });
      fill(ref.current, { topic: filled.subject, text: filled.body });
      imagined.value = filled.imagined.length > 0;
      if (ref.current) keep(key, ref.current);
    } catch (/** @type {any} */ refused) {
      tell(words(refused), { tone: "bad" });
    }
  }

  const mail = !corrected && isMail(channel.value);
  return html`<section class="part" aria-label=${t(corrected ? "contacts.correcting" : "contacts.new")}>
    <h2>${t(corrected ? "contacts.correcting" : "contacts.new")}</h2>
    <form ref=${ref} class="stack" onSubmit=${form.submit}>
      <${Summary} form=${form} prefix="contact-" fields=${{ topic: t("contacts.topic"), text: t("contacts.text"), followUpOn: t("contacts.followUp") }} />
      ${!corrected && html`<div class="row wrap">
        <${Field} form=${form} name="channel" prefix="contact-" label=${t("contacts.channel")} options=${CHANNELS.map((each) => [each, t(`contacts.channel.${each}`)])}
          onChange=${(/** @type {Event} */ event) => { channel.value = /** @type {HTMLSelectElement} */ (event.target).value; }} />
        ${!mail && channel.value !== "NOTE" && html`<${Field} form=${form} name="direction" prefix="contact-" label=${t("contacts.direction")} options=${["INBOUND", "OUTBOUND"].map((each) => [each, t(`contacts.direction.${each}`)])} />`}
        ${mail && may("notifications:read") && html`<${Field} form=${form} name="template" prefix="contact-" label=${t("contacts.template")} onChange=${fromTemplate}
          options=${[["", t("contacts.noTemplate")], ...TEMPLATES.map((each) => [each, t(`contacts.template.${each}`)])]} />`}
      </div>`}
      ${mail && html`<p class="muted">${order.email ? t("contacts.mailTo", { to: order.email, language: t(`contacts.language.${order.language === "de" ? "de" : "en"}`) }) : t("contacts.noAddress")}</p>`}
      ${mail && imagined.value && html`<p class="notice warn">${t("contacts.imagined")}</p>`}
      <${Field} form=${form} name="topic" prefix="contact-" label=${t("contacts.topic")} required maxlength="200" />
      <div class="field"><label for="contact-text">${t("contacts.text")}</label>
        <textarea id="contact-text" name="text" rows=${mail ? 12 : 5} maxlength="20000" required=${mail}></textarea></div>
      ${!corrected && html`<${Field} form=${form} name="followUpOn" type="date" prefix="contact-" label=${t("contacts.followUp")} hint=${t("contacts.followUpHint")} />`}
      <div class="row"><${Submit} form=${form}>${t(mail ? "contacts.send" : "contacts.save")} <kbd>${t("shell.ctrl")} ⏎</kbd><//>
        ${corrected && html`<button type="button" class="button" onClick=${leave}>${t("contacts.leave")}</button>`}</div>
    </form>
  </section>`;
}

/** @param {string} channel */
const isMail = (channel) => channel === "EMAIL";

/** @param {HTMLFormElement | null} form @param {Record<string, string>} values */
function fill(form, values) {
  for (const [name, value] of Object.entries(values)) {
    const field = form?.elements.namedItem(name);
    if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) field.value = value;
  }
}
