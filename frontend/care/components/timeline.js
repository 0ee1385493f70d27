/** Everything that happened to an order, the latest first; an entry opens to who, what, before and after. */
import { ask } from "../../shared/api.js";
import { words } from "../../shared/components/failure.js";
import { tell } from "../../shared/components/toast.js";
import { dateTime } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html, useEffect, useSignal } from "../../shared/ui.js";
import { TIMELINE } from "../operations/order.js";

const VIEWS = /** @type {Record<string, string[] | null>} */ ({
  all: null,
  customer: ["ORDER", "MESSAGE", "CONTACT", "CASE", "RETURN"],
  money: ["MONEY", "RISK"],
  goods: ["GOODS", "ROUTING", "RETURN"],
});

/** `story` is the newest page of all kinds, as the page of the order has it. @param {{order: any, story: any}} props */
export function Timeline({ order, story }) {
  const view = useSignal("all");
  const shown = useSignal(story);
  const busy = useSignal(false);

  /** @param {string} wanted @param {string | null} after */
  async function read(wanted, after) {
    busy.value = true;
    try {
      const { story: found } = await ask(TIMELINE, { id: order.id, kinds: VIEWS[wanted], after });
      shown.value = after ? { ...found, entries: [...shown.value.entries, ...found.entries] } : found;
      view.value = wanted;
    } catch (/** @type {any} */ failed) {
      tell(words(failed), { tone: "bad" });
    }
    busy.value = false;
  }
  useEffect(() => {
    if (view.value === "all") shown.value = merged(shown.value, story);
    else read(view.value, null);
  }, [story]);

  const choose = (/** @type {string} */ name) => () => {
    if (VIEWS[name]) return void read(name, null);
    shown.value = story;
    view.value = name;
  };
  return html`<section class="panel stack" aria-label=${t("timeline.title")}>
    <div class="row"><h2>${t("timeline.title")}</h2>
      <div class="row tight push wrap" role="group" aria-label=${t("timeline.kinds")}>${Object.keys(VIEWS).map((name) => html`<button key=${name} type="button" class="button small"
        aria-pressed=${view.value === name} onClick=${choose(name)}>${t(`timeline.${name}`)}</button>`)}</div></div>
    ${!shown.value.entries.length && html`<p class="muted">${t("timeline.none")}</p>`}
    <ol role="list" class="timeline" aria-busy=${busy.value}>${shown.value.entries.map(Entry)}</ol>
    ${shown.value.endCursor && html`<button type="button" class="button" aria-disabled=${busy.value} onClick=${() => read(view.value, shown.value.endCursor)}>${t("timeline.earlier")}</button>`}
  </section>`;
}

/** What is newer before what was read on already. @param {any} before @param {any} newest */
function merged(before, newest) {
  const ids = new Set(newest.entries.map((/** @type {any} */ each) => each.id));
  const at = before.entries.findIndex((/** @type {any} */ each) => each.id === newest.entries.at(-1)?.id);
  if (at < 0) return newest;
  const older = before.entries.slice(at + 1).filter((/** @type {any} */ each) => !ids.has(each.id));
  return older.length ? { entries: [...newest.entries, ...older], endCursor: before.endCursor } : newest;
}

/** @param {any} entry */
function Entry(entry) {
  const facts = [...(entry.who ? [{ label: t("timeline.who"), before: null, after: entry.who }] : []), ...entry.details];
  const line = html`<time class="muted" datetime=${entry.at}>${dateTime(entry.at)}</time> <span>${entry.text}</span>`;
  if (!facts.length) return html`<li key=${entry.id} class="entry" data-kind=${entry.kind}><div>${line}</div></li>`;
  return html`<li key=${entry.id} class="entry" data-kind=${entry.kind}><details><summary>${line}</summary>
    <dl class="facts">${facts.map((each, at) => html`<dt key=${`${at}t`}>${each.label}</dt><dd>${each.before ? html`${each.before} → ` : ""}${each.after ?? "–"}</dd>`)}</dl>
  </details></li>`;
}
