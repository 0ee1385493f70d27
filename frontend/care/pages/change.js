/** The change workbench: what is wished on the left, what it does on the right, before it is done. */
import { ask } from "../../shared/api.js";
import { EmptyState } from "../../shared/components/empty-state.js";
import { Failure, words } from "../../shared/components/failure.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { tell } from "../../shared/components/toast.js";
import { dateTime, money } from "../../shared/format.js";
import { lazy } from "../../shared/lazy.js";
import { t } from "../../shared/messages.js";
import { useShortcuts } from "../../shared/shortcuts.js";
import { html, useEffect, useRef, useSignal } from "../../shared/ui.js";
import { useActing } from "../acting.js";
import { byKey, isPage, orderAddress } from "../addresses.js";
import { differences, inputOf, nothing, whyNot } from "../change-wish.js";
import { ChangeDelivery } from "../components/change-delivery.js";
import { ChangeLines } from "../components/change-lines.js";
import { ChangePreview } from "../components/change-preview.js";
import { OrderHead } from "../components/order-head.js";
import { exchangeable } from "../exchange-wish.js";
import { CANCEL_CHANGE, CHANGEABLE, CHANGES, CONFIRM_CHANGE, PLACES, PREVIEW_CHANGE } from "../operations/change.js";
import { useTitle } from "../titles.js";

const ChangeExchange = lazy(() => import("../components/change-exchange.js"), "ChangeExchange");
const SETTLES = 200; // milliseconds until what is typed is asked for
const REASONS = ["mind", "wrong", "late", "double", "other"];

/** @param {{order: string}} props */
export function Page({ order: key }) {
  const found = useSignal(/** @type {any} */ (undefined));
  const problem = useSignal(/** @type {any} */ (null));
  const kept = `draft:change:${key}`;
  const wish = useSignal(remembered(kept));
  const reason = useSignal("mind");
  const preview = useSignal(/** @type {any} */ (null));
  const refused = useSignal(/** @type {any} */ (null));
  const moved = useSignal(/** @type {any[] | null} */ (null));
  const asking = useRef(/** @type {AbortController | null} */ (null));

  async function load() {
    try {
      const { order } = await ask(CHANGEABLE, byKey(key));
      const [{ stockLocations }, { orderChanges }] = order ? await Promise.all([ask(PLACES), ask(CHANGES, { id: order.id })]) : [{ stockLocations: { nodes: [] } }, { orderChanges: [] }];
      found.value = { order, places: stockLocations.nodes, changes: orderChanges };
      problem.value = null;
    } catch (failed) {
      problem.value = failed;
    }
  }
  const { busy, act } = useActing(load);
  const it = found.value?.order;
  const input = it ? inputOf(wish.value, it) : null;
  const question = JSON.stringify(input);

  function set(/** @type {any} */ wanted) {
    wish.value = wanted;
    moved.value = null;
    sessionStorage.setItem(kept, JSON.stringify(wanted));
  }
  async function look() {
    asking.current?.abort();
    if (!input) return void ((preview.value = null), (refused.value = null));
    const mine = new AbortController();
    asking.current = mine;
    try {
      const answer = await ask(PREVIEW_CHANGE, { id: it.id, input }, { signal: mine.signal });
      if (asking.current !== mine) return undefined;
      preview.value = { ...answer.previewOrderChange, question };
      refused.value = null;
    } catch (/** @type {any} */ failed) {
      if (mine.signal.aborted) return undefined;
      preview.value = null;
      refused.value = failed;
    }
    return undefined;
  }
  const ready = Boolean(preview.value && preview.value.question === question && !busy.value);
  const confirm = () => ready && act(async () => {
    const before = preview.value;
    const data = await ask(CONFIRM_CHANGE, { id: it.id, input, token: before.token, reason: t(`change.reason.${reason.value}`) });
    const result = data.confirmOrderChange;
    if (result.preview) {
      preview.value = { ...result.preview, question };
      moved.value = differences(before, result.preview);
      tell(t("change.stale"), { tone: "bad" });
    } else if (result.code) {
      refused.value = result;
      tell(words(result), { tone: "bad" });
    } else {
      set(nothing());
      preview.value = null;
      tell(t(result.change.state === "PENDING" ? "change.waits" : "change.done"));
    }
  });
  useEffect(() => void load(), []);
  useEffect(() => {
    const timer = setTimeout(() => void look(), SETTLES);
    return () => clearTimeout(timer);
  }, [question, it?.id]);
  useTitle(it && t("change.title", { number: it.number }));
  useShortcuts(it ? [{ keys: "Ctrl Enter", label: "change.confirm", run: () => void confirm(), anywhere: true }] : []);

  if (!found.value) return problem.value ? html`<${Failure} problem=${problem.value} retry=${load} />` : html`<${Skeleton} />`;
  if (!it) return html`<${EmptyState} title=${t("order.unknown")} text=${t("order.unknownText", { key })}><a class="button" href="/care">${t("page.home")}</a><//>`;
  const waiting = found.value.changes.find((/** @type {any} */ each) => each.state === "PENDING");
  const why = whyNot(it);
  return html`<div class="stack">
    ${problem.value && html`<${Failure} problem=${problem.value} retry=${load} />`}
    <${OrderHead} order=${it} />
    ${waiting && html`<div class="notice warn row"><p>${t("change.pending", { reason: waiting.reason, until: dateTime(waiting.dueAt) })}</p>
      <button type="button" class="button push" aria-disabled=${busy.value} onClick=${() => act(() => ask(CANCEL_CHANGE, { id: waiting.id }))}>${t("change.waitNoMore")}</button></div>`}
    <${ChangeExchange} order=${it} changed=${load} />
    ${why ? !exchangeable(it).length && html`<${EmptyState} title=${t("change.nothing")} text=${t(why)}>${isPage(orderAddress(it.number, "refund")) && html`<a class="button" href=${orderAddress(it.number, "refund")}>${t("head.refund")}</a>`}<//>` : !waiting && html`<div class="sides">
      <div class="stack"><${ChangeLines} order=${it} wish=${wish.value} set=${set} /><${ChangeDelivery} order=${it} places=${found.value.places} wish=${wish.value} set=${set} /></div>
      <section class="panel stack" aria-label=${t("change.preview")} aria-busy=${Boolean(input) && !ready && !refused.value}>
        <h2>${t("change.preview")}</h2>
        <div aria-live="polite" class="stack">
          ${moved.value && html`<div class="notice warn"><p><strong>${t("change.stale")}</strong></p>${moved.value.map((each) => html`<p key=${each.name}>${t(`change.${each.name === "totalAfter" ? "total" : each.name}`)}: ${money(each.before)} → ${money(each.after)}</p>`)}</div>`}
          ${refused.value && html`<p class="notice bad">${words(refused.value)}</p>`}
          ${preview.value ? html`<${ChangePreview} preview=${preview.value} places=${found.value.places} />` : !refused.value && html`<p class="muted">${t("change.none")}</p>`}
        </div>
        <div class="field"><label for="change-reason">${t("change.reason")}</label>
          <select id="change-reason" value=${reason.value} onChange=${(/** @type {Event} */ event) => { reason.value = /** @type {HTMLSelectElement} */ (event.target).value; }}>${REASONS.map((each) => html`<option key=${each} value=${each}>${t(`change.reason.${each}`)}</option>`)}</select></div>
        <button type="button" class="button main" aria-disabled=${!ready} onClick=${confirm}>${t("change.confirm")} <kbd>${t("shell.ctrl")} ⏎</kbd></button>
      </section>
    </div>`}
  </div>`;
}

/** What was put together before and not confirmed. @param {string} key @returns {import("../change-wish.js").Wish} */
function remembered(key) {
  try {
    return { ...nothing(), ...JSON.parse(sessionStorage.getItem(key) ?? "{}") };
  } catch {
    return nothing();
  }
}
