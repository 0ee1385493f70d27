/** The rules of one channel: changed as a version from a moment on, with all there were and what each of them changed. */
import { change } from "../../shared/api.js";
import { words } from "../../shared/components/failure.js";
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { tell } from "../../shared/components/toast.js";
import { forget, keep, useDraft } from "../../shared/drafts.js";
import { dateTime } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { withQuery } from "../../shared/router.js";
import { useShortcuts } from "../../shared/shortcuts.js";
import { html, useEffect, useRef, useSignal } from "../../shared/ui.js";
import { nameOf } from "../message-words.js";
import { SAVE_SELF_SERVICE } from "../operations.js";
import { ACTS, differing, given, rulesOf, SWITCHES, UNTIL } from "../self-service.js";

const newestOf = (/** @type {any} */ channel) => Math.max(0, ...channel.versions.map((/** @type {any} */ each) => each.version));

/** @param {{channel: any, load: () => Promise<void>}} props */
export function SelfServiceEditor({ channel, load }) {
  const key = `self-service-${channel.id}`;
  const ref = useDraft(key);
  const heading = useRef(/** @type {HTMLElement | null} */ (null));
  const begun = useSignal(channel); // as it was when somebody began to type
  const moved = useSignal(/** @type {string[]} */ ([]));
  const why = useRef(/** @type {"" | "saved" | "moved"} */ ("")); // the channel is read anew
  const present = (/** @type {any} */ of) => rulesOf(of.inForce ?? of.shipped);
  const form = useForm(async (typed) => {
    const from = String(typed.get("validFrom") ?? "");
    const before = present(begun.value);
    let kept;
    try {
      kept = await save(given(typed), newestOf(begun.value), from ? new Date(from).toISOString() : null);
    } catch (/** @type {any} */ refused) {
      if (refused.code === "SELF_SERVICE_RULES_MOVED") {
        why.current = "moved";
        await load();
      }
      throw refused;
    }
    why.current = "saved";
    const later = new Date(kept.validFrom).getTime() > Date.now();
    tell(t(later ? "selfService.willBe" : "selfService.done", { version: kept.version, moment: dateTime(kept.validFrom) }), later ? {} : { undo: () => void takeBack(before, kept.version) });
    await load();
  });
  useEffect(() => heading.current?.focus(), []);
  useEffect(() => {
    moved.value = why.current === "moved" ? differing(present(begun.value), present(channel)) : [];
    if (why.current === "saved") {
      fill(present(channel));
      /** @type {any} */ (ref.current?.elements.namedItem("validFrom")).value = "";
      forget(key);
    }
    begun.value = channel;
    why.current = "";
  }, [channel]);
  useShortcuts([{ keys: "Ctrl Enter", label: "selfService.save", run: () => ref.current?.requestSubmit(), anywhere: true }]);

  /** @param {any} rules @param {number} newest @param {string | null} validFrom */
  const save = (rules, newest, validFrom) => change(SAVE_SELF_SERVICE, { channel: channel.code, rules, newest, validFrom });

  /** @param {any} rules @param {number} newest */
  async function takeBack(rules, newest) {
    try {
      await save(rules, newest, null);
      why.current = "saved";
      tell(t("selfService.takenBack"));
    } catch (/** @type {any} */ refused) {
      tell(words(refused), { tone: "bad" });
    }
    await load();
  }

  /** Put rules into the fields. @param {any} rules */
  function fill(rules) {
    const fields = ref.current?.elements;
    if (!fields || !ref.current) return;
    for (const name of ACTS) /** @type {HTMLSelectElement} */ (fields.namedItem(name)).value = rules[name];
    for (const name of SWITCHES) /** @type {HTMLInputElement} */ (fields.namedItem(name)).checked = rules[name];
    /** @type {HTMLInputElement} */ (fields.namedItem("returnDays")).value = rules.returnDays ?? "";
    keep(key, ref.current);
  }

  const rules = present(channel);
  const labels = { ...Object.fromEntries(ACTS.map((name) => [name, t(`selfService.${name}`)])), returnDays: t("selfService.returnDays"), validFrom: t("selfService.validFrom") };
  return html`<aside class="panel stack" aria-label=${channel.name}>
    <div class="row tight"><h2 ref=${heading} tabindex="-1">${channel.name}</h2>
      <a class="button plain push" href=${withQuery({ channel: null })} aria-label=${t("action.close")}>×</a></div>
    <form ref=${ref} class="stack" onSubmit=${form.submit}>
      <${Summary} form=${form} prefix="self-" fields=${labels} />
      ${moved.value.length > 0 && html`<div class="notice warn"><p>${t("selfService.moved")}</p>
        <ul class="plain">${moved.value.map((name) => html`<li key=${name}>${t(`selfService.${name}`)}: ${said(name, rules[name])}</li>`)}</ul></div>`}
      <fieldset class="stack"><legend>${t("selfService.open")}</legend><div class="fields rules">
        ${ACTS.map((name) => html`<${Field} key=${name} form=${form} name=${name} prefix="self-" label=${t(`selfService.${name}`)} options=${UNTIL.map((each) => [each, t(`selfService.until.${each}`)])} defaultValue=${rules[name]} />`)}</div>
        <p class="muted">${t("selfService.untilHint")}</p></fieldset>
      <fieldset class="stack"><legend>${t("selfService.came")}</legend>
        ${SWITCHES.map((name) => html`<label key=${name} class="check"><input type="checkbox" name=${name} value="yes" defaultChecked=${rules[name]} /> ${t(`selfService.${name}`)}</label>`)}
        <${Field} form=${form} name="returnDays" prefix="self-" type="number" min="0" max="730" step="1" label=${t("selfService.returnDays")} hint=${t("selfService.returnDaysHint", { count: channel.returnDays })} defaultValue=${rules.returnDays ?? ""} /></fieldset>
      <${Field} form=${form} name="validFrom" prefix="self-" type="datetime-local" label=${t("selfService.validFrom")} hint=${t("selfService.validFromHint")} />
      <div class="row"><${Submit} form=${form}>${t("selfService.save")} <kbd>${t("shell.ctrl")} ⏎</kbd><//>
        <button type="button" class="button" onClick=${() => fill(rulesOf(channel.shipped))}>${t("selfService.toShipped")}</button></div>
    </form>
    ${channel.versions.length > 0 && html`<section class="part"><h3>${t("selfService.history")}</h3>
      <ol class="plain versions">${channel.versions.map((/** @type {any} */ each, /** @type {number} */ at) => html`<li key=${each.version} class="stack">
        <div class="row"><strong>${t("selfService.version", { version: each.version })}</strong>${each.version === channel.inForce?.version && html` <span class="pill ok">${t("selfService.now")}</span>`}
          <button type="button" class="button small push" aria-label=${t("selfService.takeOne", { version: each.version })} onClick=${() => fill(rulesOf(each))}>${t("selfService.take")}</button></div>
        <p class="muted">${t("selfService.made", { from: dateTime(each.validFrom), moment: dateTime(each.createdAt), name: nameOf(each.createdBy) })}</p>
        ${changes(each, channel.versions[at + 1] ?? channel.shipped)}</li>`)}</ol></section>`}
  </aside>`;
}

/** What a version changed of the one before it. @param {any} version @param {any} before */
function changes(version, before) {
  const names = differing(version, before);
  return names.length > 0 && html`<ul class="plain">${names.map((name) => html`<li key=${name}>${t(`selfService.${name}`)}: ${said(name, before[name])} → ${said(name, version[name])}</li>`)}</ul>`;
}

/** A rule in words. @param {string} name @param {any} value */
function said(name, value) {
  if (ACTS.includes(name)) return t(`selfService.until.${value}`);
  if (name === "returnDays") return value === null ? t("selfService.asChannel") : t("selfService.days", { count: value });
  return t(value ? "selfService.yes" : "selfService.no");
}
