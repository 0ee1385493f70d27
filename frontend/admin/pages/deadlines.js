/** How long cases of customer care may take before those who lead it are told: by kind, channel and from a moment on. */
import { ask, change } from "../../shared/api.js";
import { DataTable } from "../../shared/components/data-table.js";
import { Failure } from "../../shared/components/failure.js";
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { tell } from "../../shared/components/toast.js";
import { forget, useDraft } from "../../shared/drafts.js";
import { dateTime, hours } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { go, place, withQuery } from "../../shared/router.js";
import { useShortcuts } from "../../shared/shortcuts.js";
import { effect, html, signal, untracked, useEffect, useRef } from "../../shared/ui.js";
import { nameOf, planned } from "../message-words.js";
import { DEADLINES, SET_DEADLINE } from "../operations.js";

const found = signal(/** @type {any} */ (null));
const problem = signal(/** @type {any} */ (null));
const query = (/** @type {string} */ name) => place.value.query.get(name);
const said = (/** @type {number | null} */ value) => (value === null ? t("deadlines.none") : hours(value));
let asked = 0;

async function load() {
  const turn = ++asked;
  try {
    const answer = await ask(DEADLINES, { channel: query("channel") });
    if (turn !== asked) return;
    found.value = answer;
    problem.value = null;
  } catch (failed) {
    if (turn === asked) problem.value = failed;
  }
}

function watch() {
  const stop = effect(() => {
    query("channel");
    found.value = null;
    untracked(load);
  });
  return () => {
    stop();
    asked += 1;
    found.value = problem.value = null;
  };
}

export function Page() {
  useEffect(watch, []);
  const rows = (found.value?.caseDeadlines ?? []).map((/** @type {any} */ each) => ({ ...each, id: each.kind }));
  const open = rows.find((/** @type {any} */ each) => each.id === query("kind"));
  const channels = [{ id: null, name: t("deadlines.everyChannel") }, ...(found.value?.salesChannels.nodes ?? [])];
  return html`<div class="stack">
    <h1>${t("deadlines.title")}</h1>
    <p class="muted">${t("deadlines.about")}</p>
    <nav class="tabs" aria-label=${t("deadlines.channel")}>${channels.map((each) => html`<a key=${each.id} href=${withQuery({ channel: each.id })} aria-current=${each.id === query("channel") ? "page" : undefined}>${each.name}</a>`)}</nav>
    ${problem.value && html`<${Failure} problem=${problem.value} retry=${load} />`}
    ${!found.value && !problem.value && html`<${Skeleton} />`}
    ${found.value && html`<div class=${`split ${open ? "open" : ""}`} onKeyDown=${leave}>
      <div><${DataTable} label=${t("deadlines.title")} columns=${columns()} rows=${rows} current=${open?.id ?? null} open=${(/** @type {any} */ row) => go(withQuery({ kind: row.id }), { replace: Boolean(open) })} /></div>
      ${open && html`<${Panel} key=${`${open.id} ${query("channel")} ${open.versions.length}`} row=${open} channel=${query("channel")} />`}
    </div>`}
  </div>`;
}

/** Escape closes the panel, but never what is being typed. @param {KeyboardEvent} event */
function leave(event) {
  if (event.key === "Escape" && query("kind") && !(event.target instanceof Element && event.target.closest("form"))) go(withQuery({ kind: null }));
}

function columns() {
  return [
    { key: "kind", label: t("deadlines.kind"), head: true, cell: (/** @type {any} */ row) => t(`deadlines.kind.${row.kind}`) },
    { key: "hours", label: t("deadlines.hours"), number: true, cell: (/** @type {any} */ row) => said(row.hours) },
    { key: "set", label: t("deadlines.set"), cell: (/** @type {any} */ row) => state(row) },
  ];
}

/** Whether somebody has set it, and what is to come. @param {any} row */
function state(row) {
  const next = planned(row.versions, Date.now()).at(-1);
  return html`${row.inForce ? t(row.inForce.channelId ? "deadlines.here" : "deadlines.forAll") : html`<span class="muted">${t("deadlines.shipped")}</span>`}
    ${next && html`<br /><span class="muted">${t("deadlines.planned", { moment: dateTime(next.validFrom), hours: said(next.hours) })}</span>`}`;
}

/** @param {{row: any, channel: string | null}} props */
function Panel({ row, channel }) {
  const key = `deadline-${row.kind}-${channel ?? "all"}`;
  const ref = useDraft(key);
  const heading = useRef(/** @type {HTMLElement | null} */ (null));
  const form = useForm(async (given) => {
    const from = String(given.get("validFrom") ?? "");
    const number = String(given.get("hours") ?? "").trim();
    await set(number ? Number(number) : null, from ? new Date(from).toISOString() : null);
    forget(key);
    tell(t("deadlines.done"), from ? {} : { undo: () => takeBack() });
    await load();
  });
  useEffect(() => heading.current?.focus(), []);
  useShortcuts([{ keys: "Ctrl Enter", label: "deadlines.save", run: () => ref.current?.requestSubmit(), anywhere: true }]);

  /** @param {number | null} wanted @param {string | null} validFrom */
  const set = (wanted, validFrom) => change(SET_DEADLINE, { input: { kind: row.kind, hours: wanted, channelId: channel, validFrom } });

  async function takeBack() {
    try {
      await set(row.hours, null);
      tell(t("deadlines.takenBack"));
    } catch (refused) {
      form.problem.value = refused;
    }
    await load();
  }

  return html`<aside class="panel stack" aria-label=${t(`deadlines.kind.${row.kind}`)}>
    <div class="row"><h2 ref=${heading} tabindex="-1">${t(`deadlines.kind.${row.kind}`)}</h2>
      <a class="button plain push" href=${withQuery({ kind: null })} aria-label=${t("action.close")}>×</a></div>
    <form ref=${ref} class="stack" onSubmit=${form.submit}>
      <${Summary} form=${form} prefix="deadline-" fields=${{ hours: t("deadlines.hours"), validFrom: t("deadlines.validFrom") }} />
      <${Field} form=${form} name="hours" prefix="deadline-" type="number" min="1" max="2000" step="1" label=${t("deadlines.hours")} hint=${t("deadlines.hoursHint", { hours: said(row.shippedHours) })} defaultValue=${row.hours ?? ""} />
      <${Field} form=${form} name="validFrom" prefix="deadline-" type="datetime-local" label=${t("deadlines.validFrom")} hint=${t("deadlines.validFromHint")} />
      <div><${Submit} form=${form}>${t("deadlines.save")} <kbd>Ctrl ⏎</kbd><//></div>
    </form>
    ${row.versions.length > 0 && html`<section class="part"><h3>${t("deadlines.history")}</h3>
      <ul class="plain">${row.versions.map((/** @type {any} */ each) => html`<li key=${each.id}>${t("deadlines.version", { moment: dateTime(each.validFrom), hours: said(each.hours), name: nameOf(each.createdBy) })}${channel && !each.channelId && html` <span class="muted">${t("deadlines.everyChannel")}</span>`}</li>`)}</ul></section>`}
  </aside>`;
}
