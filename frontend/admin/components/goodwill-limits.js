/** How much each role may give alone, per currency: on one order, and on one day. What others changed meanwhile is shown. */
import { ask, change } from "../../shared/api.js";
import { may } from "../../shared/auth.js";
import { Failure } from "../../shared/components/failure.js";
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { tell } from "../../shared/components/toast.js";
import { dateTime, money } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { useShortcuts } from "../../shared/shortcuts.js";
import { html, useEffect, useRef, useSignal } from "../../shared/ui.js";
import { atField, differing, inputsOf, labelOf, ROLES, rowsOf, same } from "../goodwill-limits.js";
import { nameOf } from "../message-words.js";
import { GOODWILL_LIMITS, SAVE_GOODWILL_LIMITS } from "../operations.js";

const KEPT = "draft:goodwill-limits";

/** @typedef {import("../goodwill-limits.js").Typed} Typed */

/** What was typed and not saved, with the limits it began with. @returns {{rows: Typed[], seen: any[]} | null} */
function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  } catch {
    return null;
  }
}

export function GoodwillLimits() {
  const limits = useSignal(/** @type {any[] | null} */ (null));
  const problem = useSignal(/** @type {any} */ (null));

  async function load() {
    try {
      limits.value = (await ask(GOODWILL_LIMITS)).goodwillLimits;
      problem.value = null;
    } catch (failed) {
      problem.value = failed;
    }
  }
  useEffect(() => void load(), []);
  return html`<section class="stack" aria-label=${t("goodwill.view.limits")}>
    <p class="muted">${t("limits.about")}</p>
    ${problem.value && html`<${Failure} problem=${problem.value} retry=${load} />`}
    ${!limits.value && !problem.value && html`<${Skeleton} />`}
    ${limits.value && (may("settings:write") ? html`<${Editor} limits=${limits.value} load=${load} />` : html`<p class="notice">${t("limits.whoChanges")}</p>${ROLES.map((role) => reading(role, limits.value ?? []))}`)}
  </section>`;
}

/** @param {string} role @param {any[]} limits */
function reading(role, limits) {
  const own = limits.filter((each) => each.role === role);
  return html`<section key=${role} class="part"><h2>${t(`limits.role.${role}`)}</h2>
    ${own.length ? html`<ul class="plain">${own.map((each) => html`<li key=${each.currency}>${said(each)} <span class="muted">${t("limits.by", { name: nameOf(each.changedBy), moment: dateTime(each.changedAt) })}</span></li>`)}</ul>` : html`<p>${t("limits.unlimited")}</p>`}
  </section>`;
}

/** A limit in words. @param {any} each */
const said = (each) => t("limits.said", { order: money({ amount: each.perOrder, currency: each.currency }), day: money({ amount: each.perDay, currency: each.currency }) });

/** @param {{limits: any[], load: () => Promise<void>}} props */
function Editor({ limits, load }) {
  const kept = useRef(remembered());
  const rows = useSignal(kept.current?.rows ?? rowsOf(limits));
  const seen = useSignal(kept.current?.seen ?? limits); // what they were when somebody began to type
  const form = useForm(async () => {
    const before = seen.value;
    const wanted = inputsOf(rows.value);
    try {
      await save(wanted, before);
    } catch (/** @type {any} */ refused) {
      if (refused.code === "GOODWILL_LIMITS_MOVED") await load();
      throw atField(refused, rows.value);
    }
    tell(t("limits.done"), { undo: () => void takeBack(inputsOf(rowsOf(before)), wanted) });
  });
  const self = useRef(/** @type {HTMLFormElement | null} */ (null));
  useShortcuts([{ keys: "Ctrl Enter", label: "limits.save", run: () => self.current?.requestSubmit(), anywhere: true }]);
  const moved = same(seen.value, limits) ? [] : differing(rows.value, limits);

  /** @param {any[]} wanted @param {any[]} before */
  async function save(wanted, before) {
    const { limits: now } = await change(SAVE_GOODWILL_LIMITS, { limits: wanted, before: inputsOf(rowsOf(before)) });
    begin(now);
    await load();
  }

  /** @param {any[]} wanted @param {any[]} before */
  async function takeBack(wanted, before) {
    try {
      await save(wanted, before);
      tell(t("limits.takenBack"));
    } catch (refused) {
      form.problem.value = refused;
      await load();
    }
  }

  /** Go on from what they are. @param {any[]} now */
  function begin(now) {
    sessionStorage.removeItem(KEPT);
    [rows.value, seen.value] = [rowsOf(now), now];
    form.problem.value = null;
  }

  /** @param {Typed[]} wanted */
  function set(wanted) {
    rows.value = wanted;
    sessionStorage.setItem(KEPT, JSON.stringify({ rows: wanted, seen: seen.value }));
  }
  const type = (/** @type {string} */ id, /** @type {string} */ name) => (/** @type {Event} */ event) => {
    const { value } = /** @type {HTMLInputElement} */ (event.target);
    set(rows.value.map((each) => (each.id === id ? { ...each, [name]: name === "currency" ? value.toUpperCase() : value } : each)));
  };
  const latest = [...limits].sort((one, other) => (one.changedAt < other.changedAt ? 1 : -1))[0];
  return html`<form ref=${self} class="stack" onSubmit=${form.submit}>
    <${Summary} form=${form} prefix="limit-" fields=${Object.fromEntries(rows.value.flatMap((each) => ["currency", "perOrder", "perDay"].map((name) => [`${each.id}-${name}`, `${t(`limits.role.${each.role}`)}, ${t(`limits.${name}`)}`])))} />
    ${moved.length > 0 && html`<div class="notice warn stack"><p><strong>${latest ? t("limits.moved", { name: nameOf(latest.changedBy), moment: dateTime(latest.changedAt) }) : t("limits.movedAway")}</strong></p>
      <ul class="plain">${moved.map((each) => html`<li key=${each.id}>${t("limits.differs", { what: labelOf(each, t(`limits.role.${each.role}`)), now: each.now ? said(each.now) : t("limits.notThere"), typed: each.typed ? t("limits.typed", { order: each.typed.perOrder, day: each.typed.perDay }) : t("limits.takenOut") })}</li>`)}</ul>
      <div class="row"><button type="button" class="button" onClick=${() => begin(limits)}>${t("limits.theirs")}</button>
        <button type="button" class="button" onClick=${() => { seen.value = limits; form.problem.value = null; set(rows.value); }}>${t("limits.mine")}</button></div></div>`}
    ${ROLES.map((role) => html`<fieldset key=${role} class="stack"><legend>${t(`limits.role.${role}`)}</legend>
      ${!rows.value.some((each) => each.role === role) && html`<p>${t("limits.unlimited")}</p>`}
      ${rows.value.filter((each) => each.role === role).map((each) => one(each))}
      <div><button type="button" class="button small" aria-label=${t("limits.addFor", { role: t(`limits.role.${role}`) })} onClick=${() => set([...rows.value, { id: crypto.randomUUID(), role, currency: rows.value.some((other) => other.role === role && other.currency === "EUR") ? "" : "EUR", perOrder: "", perDay: "" }])}>${t("limits.add")}</button></div>
    </fieldset>`)}
    <div class="row"><${Submit} form=${form}>${t("limits.save")} <kbd>${t("shell.ctrl")} ⏎</kbd><//>
      ${!same(inputsOf(rows.value), seen.value) && html`<button type="button" class="button" onClick=${() => begin(limits)}>${t("limits.discard")}</button>`}</div>
  </form>`;

  /** @param {Typed} each */
  function one(each) {
    const there = limits.find((row) => row.role === each.role && row.currency === each.currency);
    const amounts = { inputmode: "decimal", autocomplete: "off", required: true, pattern: "\\d{1,9}([.,]\\d{1,3})?" };
    return html`<div key=${each.id} class="stack"><div class="row limit">
        <${Field} form=${form} name=${`${each.id}-currency`} prefix="limit-" label=${t("limits.currency")} value=${each.currency} required maxlength="3" pattern="[A-Z]{3}" autocomplete="off" onInput=${type(each.id, "currency")} />
        <${Field} form=${form} name=${`${each.id}-perOrder`} prefix="limit-" label=${t("limits.perOrder")} value=${each.perOrder} ...${amounts} onInput=${type(each.id, "perOrder")} />
        <${Field} form=${form} name=${`${each.id}-perDay`} prefix="limit-" label=${t("limits.perDay")} value=${each.perDay} ...${amounts} onInput=${type(each.id, "perDay")} />
        <button type="button" class="button" aria-label=${t("limits.removeOne", { role: t(`limits.role.${each.role}`), currency: each.currency })} onClick=${() => set(rows.value.filter((other) => other.id !== each.id))}>${t("limits.remove")}</button></div>
      ${there && html`<p class="muted">${t("limits.by", { name: nameOf(there.changedBy), moment: dateTime(there.changedAt) })}</p>`}</div>`;
  }
}
