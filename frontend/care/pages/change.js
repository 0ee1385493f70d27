/** The change workbench: what is wished on the left, what it does on the right, before it is done. */
import { ask } from "../../shared/api.js";
import { EmptyState } from "../../shared/components/empty-state.js";
import { Failure, words } from "../../shared/components/failure.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { tell } from "../../shared/components/toast.js";
import { dateTime, money } from "../../shared/format.js";
import { lazy } from "../../shared/lazy.js";
import { t } from "../../shared/messages.js";
import { place } from "../../shared/router.js";
import { useShortcuts } from "../../shared/shortcuts.js";
import { html, useEffect, useSignal } from "../../shared/ui.js";
import { byKey, isPage, orderAddress } from "../addresses.js";
import { exchangeable, inputOf, nothing, whyNot, wishedBy } from "../change-wish.js";
import { useOrderChange } from "../changing.js";
import { ChangeDelivery } from "../components/change-delivery.js";
import { ChangeLines } from "../components/change-lines.js";
import { OrderHead } from "../components/order-head.js";
import { CANCEL_CHANGE, CHANGEABLE, CHANGES, PLACES } from "../operations/change.js";
import { useNote } from "../previewing.js";
import { useTitle } from "../titles.js";

const ChangeExchange = lazy(() => import("../components/change-exchange.js"), "ChangeExchange");
const ChangePreview = lazy(() => import("../components/change-preview.js"), "ChangePreview");
const NoteField = lazy(() => import("../components/customer-note.js"), "NoteField");
const REASONS = ["mind", "wrong", "late", "double", "other"];

/** @param {{order: string}} props */
export function Page({ order: key }) {
  const found = useSignal(/** @type {any} */ (undefined));
  const problem = useSignal(/** @type {any} */ (null));
  const kept = `draft:change:${key}`;
  const wish = useSignal(remembered(kept));
  const note = useNote(`change:${key}`);
  const reason = useSignal(REASONS.find((each) => each === place.value.query.get("reason")) ?? "mind");

  async function load() {
    try {
      const { order } = await ask(CHANGEABLE, byKey(key));
      const [{ stockLocations }, { orderChanges }] = order ? await Promise.all([ask(PLACES), ask(CHANGES, { id: order.id })]) : [{ stockLocations: { nodes: [] } }, { orderChanges: [] }];
      if (order && !found.value && JSON.stringify(wish.value) === JSON.stringify(nothing())) wish.value = wishedBy(place.value.query, order);
      found.value = { order, places: stockLocations.nodes, changes: orderChanges };
      problem.value = null;
    } catch (failed) {
      problem.value = failed;
    }
  }
  const it = found.value?.order;
  const input = it ? inputOf(wish.value, it) : null;
  const { preview, refused, moved, ready, confirm, busy, act } = useOrderChange({
    id: it?.id, input, reason: t(`change.reason.${reason.value}`), note: note.asked, look: load,
    done: (made) => {
      note.forget();
      set(nothing());
      tell(t(made.state === "PENDING" ? "change.waits" : "change.done"));
    },
  });

  function set(/** @type {any} */ wanted) {
    wish.value = wanted;
    sessionStorage.setItem(kept, JSON.stringify(wanted));
  }
  useEffect(() => void load(), []);
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
    ${exchangeable(it).length > 0 && html`<${ChangeExchange} order=${it} changed=${load} />`}
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
        <${NoteField} note=${note} prefix="change-" />
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
