/** One message in one language: its words on the left, how they read for a real order on the right. */
import { ask, change } from "../../shared/api.js";
import { Failure, words } from "../../shared/components/failure.js";
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { tell } from "../../shared/components/toast.js";
import { forget, keep, useDraft } from "../../shared/drafts.js";
import { dateTime } from "../../shared/format.js";
import { LANGUAGES, t } from "../../shared/messages.js";
import { place, withQuery } from "../../shared/router.js";
import { useShortcuts } from "../../shared/shortcuts.js";
import { html, useEffect, useRef, useSignal } from "../../shared/ui.js";
import { MESSAGE, RESTORE_MESSAGE, SAVE_MESSAGE } from "../operations.js";
import { MessageFacts } from "./message-facts.js";
import { MessagePreview } from "./message-preview.js";
import { MessageVersions } from "./message-versions.js";

const PARTS = ["subject", "title", "body"];
const MOST = { subject: 300, title: 300, body: 20_000 };

/** @typedef {{subject: string, title: string, body: string}} Words */

/** @param {{template: string, language: string, channel: string | null}} props */
export function MessageEditor({ template, language, channel }) {
  const found = useSignal(/** @type {any} */ (undefined));
  const problem = useSignal(/** @type {any} */ (null));
  async function load() {
    try {
      const { messageTemplates, salesChannels } = await ask(MESSAGE, { template, language, channel });
      found.value = { message: messageTemplates[0] ?? null, channels: salesChannels.nodes };
      problem.value = null;
    } catch (failed) {
      problem.value = failed;
    }
  }
  useEffect(() => void load(), []);
  const back = channel ? `/admin/messages?channel=${channel}` : "/admin/messages";
  const message = found.value?.message;
  return html`<div class="stack">
    <div class="row"><h1>${message ? t(`message.name.${template}`) : t("messages.title")}</h1><a class="button push" href=${back}>${t("messages.back")}</a></div>
    ${problem.value && html`<${Failure} problem=${problem.value} retry=${load} />`}
    ${found.value === undefined && !problem.value && html`<${Skeleton} rows=${8} />`}
    ${message === null && html`<p>${t("messages.unknown")}</p>`}
    ${message && html`<p class="muted">${t(`message.when.${template}`)}</p>
      <div class="row"><nav class="tabs" aria-label=${t("messages.languages")}>${LANGUAGES.map((each) => html`<a key=${each} href=${withQuery({ language: each })} aria-current=${each === language ? "page" : undefined}>${t(`messages.in.${each}`)}</a>`)}</nav>
        <nav class="tabs" aria-label=${t("messages.channels")}>${[{ id: null, name: t("messages.everyChannel") }, ...found.value.channels].map((each) => html`<a key=${each.id} href=${withQuery({ channel: each.id })} aria-current=${each.id === channel ? "page" : undefined}>${each.name}</a>`)}</nav></div>
      <${Desk} key=${message.inForce?.id ?? "ours"} message=${message} channel=${channel} saved=${load} />`}
  </div>`;
}

/** @param {{message: any, channel: string | null, saved: () => Promise<void>}} props */
function Desk({ message, channel, saved }) {
  const { template, language, shipped, inForce, versions } = message;
  const key = `message-${template}-${language}-${channel ?? "all"}`;
  const ref = useDraft(key);
  /** What is in force, or ours. @type {Words} */
  const begun = inForce?.words ?? shipped;
  const draft = useSignal(begun);
  const refused = useSignal(/** @type {any} */ (null)); // by the preview, while one writes
  const last = useRef(/** @type {HTMLInputElement | HTMLTextAreaElement | null} */ (null));
  const form = useForm(async (given) => {
    const from = String(given.get("validFrom") ?? "");
    const input = { template, language, channelId: channel, ...typed(), validFrom: from ? new Date(from).toISOString() : null };
    const kept = await change(SAVE_MESSAGE, { input });
    forget(key);
    const later = new Date(kept.validFrom).getTime() > Date.now();
    tell(t(later ? "messages.willBe" : "messages.published", { version: kept.version, moment: dateTime(kept.validFrom) }), later ? {} : { undo: takeBack });
    await saved();
  });
  useEffect(() => { draft.value = typed(); }, []); // with what was kept of an earlier visit
  useShortcuts([{ keys: "Ctrl Enter", label: "messages.publish", run: () => ref.current?.requestSubmit(), anywhere: true }]);

  /** @returns {Words} */
  function typed() {
    const field = (/** @type {string} */ name) => /** @type {HTMLInputElement | null} */ (ref.current?.elements.namedItem(name))?.value ?? "";
    return { subject: field("subject"), title: field("title"), body: field("body") };
  }

  /** Put words into the fields; what stood there comes back with undo. @param {Words} given @param {string} news */
  function take(given, news) {
    const before = typed();
    fill(given);
    tell(news, { undo: () => fill(before) });
  }

  /** @param {Words} given */
  function fill(given) {
    if (!ref.current) return;
    for (const name of PARTS) /** @type {HTMLInputElement} */ (ref.current.elements.namedItem(name)).value = given[/** @type {keyof Words} */ (name)];
    keep(key, ref.current);
    draft.value = typed();
  }

  /** What was in force before is in force again, as a version of its own. */
  async function takeBack() {
    try {
      if (inForce?.words) await change(SAVE_MESSAGE, { input: { template, language, channelId: channel, ...inForce.words } });
      else await change(RESTORE_MESSAGE, { template, language, channel });
      tell(t("messages.takenBack"));
    } catch (/** @type {any} */ failed) {
      tell(words(failed), { tone: "bad" });
    }
    await saved();
  }

  async function toOurs() {
    try {
      await change(RESTORE_MESSAGE, { template, language, channel });
      tell(t("messages.restored"), { undo: takeBack });
    } catch (/** @type {any} */ failed) {
      tell(words(failed), { tone: "bad" });
    }
    await saved();
  }

  /** At the cursor of the field that was written in last. @param {string} text */
  function insert(text) {
    const field = last.current ?? /** @type {HTMLTextAreaElement | null} */ (ref.current?.elements.namedItem("body") ?? null);
    if (!field || !ref.current) return;
    field.setRangeText(text, field.selectionStart ?? field.value.length, field.selectionEnd ?? field.value.length, "end");
    field.focus();
    keep(key, ref.current);
    draft.value = typed();
  }

  const wrong = /** @type {any} */ ({ problem: { value: form.problem.value ?? refused.value } });
  const labels = { subject: t("messages.subject"), title: t("messages.titlePart"), body: t("messages.body"), validFrom: t("messages.validFrom") };
  const same = PARTS.every((name) => draft.value[/** @type {keyof Words} */ (name)] === begun[/** @type {keyof Words} */ (name)]);
  const note = (/** @type {FocusEvent} */ event) => {
    const field = /** @type {any} */ (event.target);
    if (PARTS.includes(field.name)) last.current = field;
  };
  return html`<div class="desk">
    <form ref=${ref} class="stack" onSubmit=${form.submit} onInput=${() => { draft.value = typed(); form.problem.value = null; }} onFocusIn=${note}>
      <p>${inForce?.words ? t("messages.inForce", { version: inForce.version, moment: dateTime(inForce.validFrom) }) : t("messages.oursInForce")}
        ${inForce?.words && channel && !inForce.channelId && html` ${t("messages.ofAll")}`}</p>
      <${Summary} form=${form} prefix="message-" fields=${labels} />
      <${Field} form=${wrong} name="subject" prefix="message-" label=${labels.subject} defaultValue=${begun.subject} maxlength=${MOST.subject} required autocomplete="off" />
      <${Field} form=${wrong} name="title" prefix="message-" label=${labels.title} defaultValue=${begun.title} maxlength=${MOST.title} required autocomplete="off" />
      <${Body} form=${wrong} label=${labels.body} value=${begun.body} />
      <${MessageFacts} message=${message} used=${draft.value} insert=${insert} />
      <details class="part"><summary>${t("messages.more")}</summary>
        <${Field} form=${form} name="validFrom" prefix="message-" type="datetime-local" label=${labels.validFrom} hint=${t("messages.validFromHint")} /></details>
      <div class="row"><${Submit} form=${form}>${t("messages.publish")} <kbd>Ctrl ⏎</kbd><//>
        ${!same && html`<button type="button" class="button" onClick=${() => take(begun, t("messages.discarded"))}>${t("messages.discard")}</button>`}
        ${inForce?.words && html`<button type="button" class="button" onClick=${toOurs}>${t("messages.toOurs")}</button>`}</div>
      <${MessageVersions} versions=${versions} present=${inForce?.id} shipped=${shipped} channel=${channel} take=${take} />
    </form>
    <${MessagePreview} template=${template} language=${language} channel=${channel} draft=${draft.value} refuse=${(/** @type {any} */ found) => { refused.value = found; }} order=${place.value.query.get("order")} />
  </div>`;
}

/** @param {{form: any, label: string, value: string}} props */
function Body({ form, label, value }) {
  const problem = form.problem.value;
  const wrong = problem?.path?.at(-1) === "body";
  return html`<div class="field"><label for="message-body">${label}</label>
    <textarea id="message-body" name="body" class="template" rows="16" maxlength=${MOST.body} required spellcheck="false" defaultValue=${value} aria-invalid=${wrong ? "true" : undefined}
      aria-describedby=${`message-body-hint${wrong ? " message-body-fault" : ""}`}></textarea>
    <span id="message-body-hint" class="muted">${t("messages.bodyHint")}</span>
    ${wrong && html`<span id="message-body-fault" class="fault">${words(problem)}</span>`}</div>`;
}
