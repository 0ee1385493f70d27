/** Find the caller: one box for whatever they know. `/care/?q=+49…` is what a telephone system opens. */
import { ask } from "../../shared/api.js";
import { may, me } from "../../shared/auth.js";
import { EmptyState } from "../../shared/components/empty-state.js";
import { Failure, words } from "../../shared/components/failure.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { StatusPill } from "../../shared/components/status-pill.js";
import { lazy } from "../../shared/lazy.js";
import { t } from "../../shared/messages.js";
import { go, place, withQuery } from "../../shared/router.js";
import { html, useEffect, useRef, useSignal } from "../../shared/ui.js";
import { HitList } from "../components/hit-list.js";
import { customerAddress, only, termOf } from "../hits.js";
import { DESK, SEARCH } from "../operations/search.js";
import { saw, seen } from "../seen.js";

const NewContact = lazy(() => import("../components/new-contact.js"), "NewContact");
const PAUSE = 250; // milliseconds without a key before what was typed is looked for
const SHORTEST = 3; // so many characters before it is looked for without Enter

export function Page() {
  const box = useRef(/** @type {HTMLInputElement | null} */ (null));
  const found = useSignal(/** @type {any} */ (null));
  const problem = useSignal(/** @type {any} */ (null));
  const busy = useSignal(false);
  const noting = useSignal(false);
  const asked = useRef({ count: 0, timer: 0 });

  /**
   * @param {string} term
   * @param {boolean} open whether a single hit is opened
   */
  async function look(term, open) {
    clearTimeout(asked.current.timer);
    const turn = ++asked.current.count;
    problem.value = null;
    go(withQuery({ q: term || null }), { replace: true });
    if (!term) {
      found.value = null;
      return;
    }
    busy.value = true;
    try {
      const { search } = await ask(SEARCH, { term });
      if (turn !== asked.current.count) return; // something else was typed meanwhile
      found.value = { ...search, term };
      const address = open ? only(search) : null;
      if (address) return opened(address, search.hits[0].order?.number ?? search.hits[0].person?.name, search.hits[0].order ? search.hits[0].person?.name : search.hits[0].person?.email, true);
    } catch (failed) {
      if (turn === asked.current.count) problem.value = failed;
    } finally {
      if (turn === asked.current.count) busy.value = false;
    }
  }

  useEffect(() => {
    const term = termOf(place.value.query.get("q"));
    if (box.current) box.current.value = term;
    if (term) look(term, true);
    else box.current?.focus();
  }, []);

  const typed = () => {
    clearTimeout(asked.current.timer);
    const term = termOf(box.current?.value ?? "");
    if (term.length >= SHORTEST || !term) asked.current.timer = setTimeout(() => look(term, false), PAUSE);
  };
  const submitted = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    look(termOf(box.current?.value ?? ""), true);
  };
  return html`<div class="stack start"><h1>${t("search.title")}</h1>
    <form role="search" class="row foot" onSubmit=${submitted}>
      <label class="searching stack close"><span class="muted">${t("search.label")}</span>
        <input ref=${box} type="search" name="q" class="control" autocomplete="off" spellcheck=${false}
          aria-describedby=${problem.value ? "search-fault" : undefined} onInput=${typed} onKeyDown=${toHits} /></label>
      <button class="button main" aria-disabled=${busy.value}>${t("search.go")}</button>
      ${may("care:write") && html`<button type="button" class="button" onClick=${() => { noting.value = true; }}>${t("newContact.title")}</button>`}
    </form>
    <p class="unseen" role="status">${found.value && !busy.value ? t("search.count", { count: found.value.hits.length }) : ""}</p>
    ${body()}
    ${noting.value && html`<${NewContact} leave=${() => { noting.value = false; }} done=${(/** @type {{id: string}} */ person) => go(customerAddress(person.id))} />`}
  </div>`;

  function body() {
    if (problem.value?.code === "INVALID_SEARCH") return html`<p id="search-fault" class="fault" role="alert">${words(problem.value)}</p>`;
    if (problem.value) return html`<${Failure} problem=${problem.value} retry=${() => look(termOf(box.current?.value ?? ""), false)} />`;
    if (busy.value && !found.value) return html`<${Skeleton} />`;
    if (!found.value) return html`<${Begin} />`;
    if (!found.value.hits.length) return html`<${EmptyState} title=${t("search.none")} text=${t("search.noneText", { term: found.value.term })} />`;
    return html`<${HitList} found=${found.value} opened=${opened} />`;
  }
}

/**
 * @param {string} address
 * @param {string} name
 * @param {string | null} [note]
 * @param {boolean} [leave] whether the page is to be opened here, and not by a link
 */
function opened(address, name, note = "", leave = false) {
  saw({ address, name, note: note ?? "" });
  if (leave) go(address);
}

/** Before anything is typed: what waits, what was open lately, what can be typed. */
function Begin() {
  return html`<div class="begin">
    <${Desk} />
    <section class="stack" aria-labelledby="seen"><h2 id="seen">${t("search.recent")}</h2>
      ${seen.value.length ? html`<ul role="list" class="hits">${seen.value.map((each) => html`<li key=${each.address}><a class="hit" href=${each.address}><span><strong>${each.name}</strong> <span class="muted">${each.note}</span></span></a></li>`)}</ul>` : html`<p class="muted">${t("search.recentNone")}</p>`}
    </section>
    <section class="stack" aria-labelledby="tips"><h2 id="tips">${t("search.tips")}</h2>
      <ul class="plain">${["numbers", "people", "phone", "slips", "narrow"].map((each) => html`<li key=${each}>${t(`search.tip.${each}`)}</li>`)}</ul>
    </section>
  </div>`;
}

/** My tasks, and how much waits in the queues. What cannot be counted now is not in the way of a search. */
function Desk() {
  const desk = useSignal(/** @type {any} */ (null));
  useEffect(() => {
    ask(DESK, { me: me.value?.id }).then((found) => { desk.value = found; }, () => {});
  }, []);
  if (!desk.value) return null;
  const { caseQueues, cases } = desk.value;
  const waiting = caseQueues.filter((/** @type {any} */ each) => each.open > 0);
  return html`<section class="stack" aria-labelledby="desk"><h2 id="desk">${t("search.desk")}</h2>
    <ul role="list" class="hits">
      <li><a class="hit" href="/care/queues?queue=MINE"><strong>${t("search.mine")}</strong> <span class="badge">${cases.nodes.length}${cases.pageInfo.hasNextPage ? "+" : ""}</span></a></li>
      ${waiting.map((/** @type {any} */ each) => html`<li key=${each.queue}><a class="hit" href=${`/care/queues?queue=${each.queue}`}><span>${t(`queue.${each.queue}`)}</span>
        <span class="facts">${each.escalated > 0 && html`<${StatusPill} tone="bad">${t("search.escalated", { count: each.escalated })}<//>`}<span class="badge">${each.open}</span></span></a></li>`)}
    </ul>
    ${waiting.length === 0 && html`<p class="muted">${t("search.deskDone")}</p>`}
  </section>`;
}

/** @param {KeyboardEvent} event */
function toHits(event) {
  if (event.key !== "ArrowDown") return;
  const first = /** @type {HTMLElement | null} */ (document.querySelector(".hits a"));
  if (!first) return;
  event.preventDefault();
  first.focus();
}
