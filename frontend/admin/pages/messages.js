/** What customers are told: every message in each language, and which are in the retailer's own words. */
import { ask } from "../../shared/api.js";
import { DataTable } from "../../shared/components/data-table.js";
import { EmptyState } from "../../shared/components/empty-state.js";
import { Failure } from "../../shared/components/failure.js";
import { FilterBar } from "../../shared/components/filter-bar.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { dayOf } from "../../shared/format.js";
import { lazy } from "../../shared/lazy.js";
import { language as spoken, LANGUAGES, t } from "../../shared/messages.js";
import { go, place } from "../../shared/router.js";
import { effect, html, signal, untracked, useEffect } from "../../shared/ui.js";
import { nameOf, planned } from "../message-words.js";
import { MESSAGES } from "../operations.js";

const HERE = "/admin/messages";
const MessageEditor = lazy(() => import("../components/message-editor.js"), "MessageEditor");

const found = signal(/** @type {any} */ (null));
const problem = signal(/** @type {any} */ (null));
const query = (/** @type {string} */ name) => place.value.query.get(name);
let asked = 0;

async function load() {
  const turn = ++asked;
  try {
    const answer = await ask(MESSAGES, { channel: query("channel") });
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
  const template = place.value.path.slice(HERE.length + 1);
  const wanted = query("language") ?? spoken.value;
  const language = LANGUAGES.includes(wanted) ? wanted : "de";
  const channel = query("channel");
  if (template) return html`<${MessageEditor} key=${`${template} ${language} ${channel}`} template=${template} language=${language} channel=${channel} />`;
  return html`<${Overview} />`;
}

function Overview() {
  useEffect(watch, []);
  const channels = found.value?.salesChannels.nodes ?? [];
  return html`<div class="stack">
    <h1>${t("messages.title")}</h1>
    <p class="muted">${t("messages.about")}</p>
    <${FilterBar} label=${t("messages.search")} choices=${[
      { name: "channel", label: t("messages.everyChannel"), options: channels.map((/** @type {any} */ each) => ({ value: each.id, label: each.name })) },
      { name: "own", label: t("messages.all"), options: [{ value: "yes", label: t("messages.ownOnly") }] },
    ]} />
    ${problem.value && html`<${Failure} problem=${problem.value} retry=${load} />`}
    ${list()}
  </div>`;
}

function list() {
  if (!found.value) return problem.value ? null : html`<${Skeleton} />`;
  const rows = shown();
  if (!rows.length) {
    return html`<${EmptyState} title=${t("messages.noMatch")} text=${t("messages.noMatchText")}><a class="button" href=${HERE}>${t("action.clearFilter")}</a><//>`;
  }
  return html`<${DataTable} label=${t("messages.title")} columns=${columns()} rows=${rows} open=${(/** @type {any} */ row) => go(addressOf(row.id, spoken.value))} />`;
}

/** The messages that the address asks for, both languages of each together. */
function shown() {
  const { de, en, salesChannels } = found.value;
  const channel = salesChannels.nodes.find((/** @type {any} */ each) => each.id === query("channel"));
  const rows = de.map((/** @type {any} */ german, /** @type {number} */ at) => {
    const id = german.template;
    return { id, de: german, en: en[at], off: channel?.settings?.messages?.[id] === false, name: t(`message.name.${id}`), when: t(`message.when.${id}`) };
  });
  const words = (query("q") ?? "").toLowerCase();
  const own = (/** @type {any} */ one) => one.inForce?.words || planned(one.versions, Date.now()).length > 0;
  return rows.filter((/** @type {any} */ row) => `${row.name} ${row.when} ${row.id}`.toLowerCase().includes(words) && (query("own") !== "yes" || own(row.de) || own(row.en)));
}

/** @param {string} template @param {string} language */
function addressOf(template, language) {
  const channel = query("channel");
  return `${HERE}/${template}?language=${language}${channel ? `&channel=${channel}` : ""}`;
}

function columns() {
  return [
    { key: "name", label: t("messages.message"), cell: (/** @type {any} */ row) => html`${row.name}${row.off && html` <span class="pill warn">${t("messages.off")}</span>`}<br /><span class="muted">${row.when}</span>` },
    ...LANGUAGES.map((language) => ({ key: language, label: t(`messages.in.${language}`), cell: (/** @type {any} */ row) => state(row, language) })),
  ];
}

/** @param {any} row @param {string} language */
function state(row, language) {
  const { inForce, versions } = row[language];
  const next = planned(versions, Date.now()).at(-1);
  const own = inForce?.words;
  const label = own ? t("messages.own", { version: inForce.version }) : t("messages.ours");
  return html`<a href=${addressOf(row.id, language)} aria-label=${`${row.name}, ${t(`messages.in.${language}`)}: ${label}`}>${label}</a>
    ${own && html`<br /><span class="muted">${t("messages.since", { day: dayOf(inForce.validFrom), name: nameOf(inForce.createdBy) })}</span>`}
    ${next && html`<br /><span class="muted">${t("messages.planned", { version: next.version, day: dayOf(next.validFrom) })}</span>`}`;
}
