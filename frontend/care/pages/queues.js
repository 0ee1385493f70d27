/** Queues and holds: what needs somebody, the oldest first; whoever takes one has it alone. */
import { ask, change } from "../../shared/api.js";
import { may, me } from "../../shared/auth.js";
import { DataTable } from "../../shared/components/data-table.js";
import { EmptyState } from "../../shared/components/empty-state.js";
import { Failure, words } from "../../shared/components/failure.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { tell } from "../../shared/components/toast.js";
import { dateTime, fromNow } from "../../shared/format.js";
import { lookAnew } from "../../shared/look-anew.js";
import { t } from "../../shared/messages.js";
import { go, place, withQuery } from "../../shared/router.js";
import { useShortcuts } from "../../shared/shortcuts.js";
import { computed, effect, html, signal, untracked, useEffect, useRef } from "../../shared/ui.js";
import { CasePanel } from "../components/case-panel.js";
import { CASES_CHANGED, CASES_SINCE, QUEUES, TAKE_NEXT } from "../operations/cases.js";

const LIVE = { name: "cases", subscription: CASES_CHANGED, query: CASES_SINCE };
const AGES = ["0", "2", "4", "8"];
const NO_QUEUES = ["MINE", "ESCALATED"]; // what the address may want in their place

const found = signal(/** @type {any} */ (null));
const problem = signal(/** @type {any} */ (null));
const queue = computed(() => place.value.query.get("queue"));
let asked = 0;

/** What the address wants of the list: a queue, one's own, or everything that nobody has. */
function wanted() {
  const name = queue.value;
  if (name === "MINE") return { ownerId: me.value?.id, states: ["ASSIGNED", "WAITING"] };
  if (name === "ESCALATED") return { escalated: true, states: ["OPEN", "ASSIGNED", "WAITING"] };
  return { states: ["OPEN", "ASSIGNED", "WAITING"], ...(name && { queues: [name] }) };
}

/** @param {string | null} [after] */
async function load(after = null) {
  const turn = ++asked;
  try {
    const { caseQueues, cases } = await ask(QUEUES, { filter: wanted(), after });
    if (turn !== asked) return;
    found.value = { queues: caseQueues, rows: after ? [...found.value.rows, ...cases.nodes] : cases.nodes, more: cases.pageInfo };
    problem.value = null;
  } catch (failed) {
    if (turn === asked) problem.value = failed;
  }
}

function watch() {
  const stop = effect(() => {
    queue.value;
    untracked(load);
  });
  const leave = lookAnew(LIVE, () => load(), () => false);
  return () => {
    stop();
    leave();
    asked += 1;
    found.value = problem.value = null;
  };
}

/** The one that waits longest in the queue shown, or in any, becomes one's own and opens. */
async function takeNext() {
  try {
    const name = queue.value && !NO_QUEUES.includes(queue.value) ? queue.value : null;
    const { case: taken } = await change(TAKE_NEXT, { queues: name && [name] });
    if (!taken) tell(t("queues.noneFree"));
    go(withQuery({ case: taken?.id ?? null }), { replace: true });
  } catch (/** @type {any} */ refused) {
    tell(words(refused), { tone: "bad" });
  }
  await load();
}

export function Page() {
  useEffect(watch, []);
  const open = place.value.query.get("case");
  const before = useRef(open);
  useEffect(() => {
    if (before.current && !open && document.activeElement === document.body) {
      const row = /** @type {HTMLElement | null} */ (document.querySelector(`tr[data-id="${CSS.escape(before.current)}"]`));
      (row ?? document.getElementById("content"))?.focus();
    }
    before.current = open;
  }, [open]);
  const writes = may("care:write");
  useShortcuts(writes ? [{ keys: "t", label: "queues.takeNext", run: takeNext, anywhere: true }] : []);
  return html`<div class="stack">
    <div class="row"><h1>${t("queues.title")}</h1>
      ${writes && html`<button type="button" class="button main push" onClick=${takeNext}>${t("queues.takeNext")} <kbd>t</kbd></button>`}</div>
    ${found.value && late(found.value.queues)}
    ${found.value && Counts(found.value.queues, Boolean(open))}
    <div class=${`split ${open ? "open" : ""}`} onKeyDown=${leave}>
      <div class="stack">${problem.value && html`<${Failure} problem=${problem.value} retry=${() => load()} />`}${list(open)}</div>
      ${open && html`<${CasePanel} key=${open} id=${open} seen=${found.value && (found.value.rows.find((/** @type {any} */ row) => row.id === open)?.updatedAt ?? "left")} changed=${() => load()} next=${takeNext} />`}
    </div>
  </div>`;
}

/** Escape closes the case, but never what is being typed. @param {KeyboardEvent} event */
function leave(event) {
  const typing = event.target instanceof Element && event.target.closest("textarea, form, dialog");
  if (event.key === "Escape" && !typing && place.value.query.get("case")) go(withQuery({ case: null }));
}

/** How many are past their deadline, said before all else. @param {any[]} queues */
function late(queues) {
  const count = queues.reduce((sum, each) => sum + each.escalated, 0);
  if (!count) return null;
  const shown = queue.value === "ESCALATED";
  return html`<p class="notice bad">${t("queues.pastDeadline", { count })} <a href=${withQuery({ queue: shown ? null : "ESCALATED", case: null })}>${t(shown ? "queues.showAll" : "queues.showThem")}</a></p>`;
}

/** Where it is narrow an open case stands alone. @param {any[]} queues @param {boolean} open */
function Counts(queues, open) {
  const number = (/** @type {number} */ count) => (count ? html`<strong>${count}</strong>` : html`<span class="muted">0</span>`);
  const name = (/** @type {string} */ each, /** @type {string} */ label) => html`<a href=${withQuery({ queue: queue.value === each ? null : each, case: null })} aria-current=${queue.value === each ? "true" : undefined}>${label}</a>`;
  return html`<div class=${`table queues ${open ? "open" : ""}`}><table aria-label=${t("queues.counts")}>
    <thead><tr><th scope="col">${t("queues.queue")}</th>${AGES.map((age) => html`<th key=${age} scope="col" class="number">${t(`queues.age.${age}`)}</th>`)}
      <th scope="col" class="number">${t("queues.taken")}</th><th scope="col" class="number">${t("queues.escalated")}</th></tr></thead>
    <tbody>${queues.map((each) => html`<tr key=${each.queue} aria-current=${queue.value === each.queue ? "true" : undefined}><th scope="row">${name(each.queue, t(`queue.${each.queue}`))}</th>
      ${each.ages.map((/** @type {number} */ count, /** @type {number} */ at) => html`<td key=${at} class="number" data-label=${t(`queues.age.${AGES[at]}`)}>${number(count)}</td>`)}
      <td class="number" data-label=${t("queues.taken")}>${number(each.assigned + each.waiting)}</td><td class=${each.escalated ? "number late" : "number"} data-label=${t("queues.escalated")}>${number(each.escalated)}</td></tr>`)}
    </tbody></table>
    <p>${name("MINE", t("queues.mine"))}</p></div>`;
}

/** @param {string | null} open */
function list(open) {
  if (!found.value) return problem.value ? null : html`<${Skeleton} />`;
  const { rows, more } = found.value;
  if (!rows.length) return html`<${EmptyState} title=${t("queues.done")} text=${t(queue.value ? "queues.doneHere" : "queues.doneText")}>
    ${queue.value && html`<a class="button" href=${withQuery({ queue: null })}>${t("action.clearFilter")}</a>`}<//>`;
  return html`<${DataTable} label=${t("queues.cases")} columns=${columns(Date.now())} rows=${rows} current=${open} open=${(/** @type {any} */ row) => go(withQuery({ case: row.id }), { replace: Boolean(open) })} />
    ${more.hasNextPage && html`<button type="button" class="button" onClick=${() => load(more.endCursor)}>${t("action.more")}</button>`}`;
}

/** @param {number} now */
function columns(now) {
  return [
    { key: "kind", label: t("queues.kind"), head: true, cell: (/** @type {any} */ row) => t(`case.kind.${row.kind}`) },
    { key: "order", label: t("cases.order"), cell: (/** @type {any} */ row) => row.orderNumber ?? "–" },
    { key: "since", label: t("queues.since"), cell: (/** @type {any} */ row) => fromNow(row.createdAt, now) },
    { key: "due", label: t("queues.due"), cell: (/** @type {any} */ row) => html`<span class=${row.escalatedAt ? "late" : undefined}>${dateTime(row.dueAt) || "–"}</span>${row.waitUntil && html`<br /><span class="muted">${t("queues.waits", { at: dateTime(row.waitUntil) })}</span>`}` },
    { key: "owner", label: t("queues.owner"), cell: (/** @type {any} */ row) => row.ownerName ?? "–" },
  ];
}
