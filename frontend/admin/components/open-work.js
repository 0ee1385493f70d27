/** What a partner has in hand: each order is finished there, moved, or canceled; each reservation is kept or given up. */
import { ask, change } from "../../shared/api.js";
import { EmptyState } from "../../shared/components/empty-state.js";
import { Failure, words } from "../../shared/components/failure.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { tell } from "../../shared/components/toast.js";
import { dateTime } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html, useEffect, useSignal } from "../../shared/ui.js";
import { CLEAR, KEPT, OPEN_ORDERS, PLACES, RELEASE } from "../operations.js";

/** @param {{partner: any, changed: () => void}} props */
export function OpenWork({ partner, changed }) {
  const orders = useSignal(/** @type {any[] | null} */ (null));
  const kept = useSignal(/** @type {any[]} */ ([]));
  const more = useSignal(false);
  const problem = useSignal(/** @type {any} */ (null));
  const chosen = useSignal(/** @type {Set<string>} */ (new Set()));
  const refused = useSignal(/** @type {Record<string, string>} */ ({}));
  const busy = useSignal(false);

  async function load() {
    problem.value = null;
    try {
      const [{ fulfillmentOrders }, { stockLocations }] = await Promise.all([ask(OPEN_ORDERS, { id: partner.id }), ask(PLACES, { id: partner.id })]);
      const places = stockLocations.nodes.map((/** @type {any} */ each) => each.code);
      kept.value = places.length ? (await ask(KEPT, { places })).reservations.nodes : [];
      orders.value = fulfillmentOrders.nodes;
      more.value = fulfillmentOrders.pageInfo.hasNextPage;
    } catch (failed) {
      problem.value = failed;
    }
  }
  useEffect(() => void load(), [partner.id]);

  /** Failures stay chosen, with their reason; successes leave the list. @param {"MOVE" | "CANCEL"} action @param {string} reason */
  async function clear(action, reason) {
    if (busy.value) return;
    busy.value = true;
    const ids = [...chosen.value];
    try {
      const { results } = await change(CLEAR, { partner: partner.id, ids, action, reason });
      refused.value = Object.fromEntries(results.filter((/** @type {any} */ each) => each.code).map((/** @type {any} */ each) => [ids[each.index], each.message]));
      chosen.value = new Set(Object.keys(refused.value));
      tell(t(`work.done.${action}`, { count: ids.length - chosen.value.size }), {});
    } catch (/** @type {any} */ failed) {
      tell(words(failed), { tone: "bad" });
    }
    busy.value = false;
    await load();
    changed();
  }

  async function release(/** @type {string} */ id) {
    try {
      await change(RELEASE, { id });
      tell(t("work.released"));
    } catch (/** @type {any} */ failed) {
      tell(words(failed), { tone: "bad" });
    }
    await load();
    changed();
  }

  if (problem.value) return html`<${Failure} problem=${problem.value} retry=${load} />`;
  if (!orders.value) return html`<${Skeleton} rows=${3} />`;
  const choose = (/** @type {string} */ id) => {
    const next = new Set(chosen.value);
    if (!next.delete(id)) next.add(id);
    chosen.value = next;
  };
  return html`<div class="stack">
    ${orders.value.length ? html`<${Orders} rows=${orders.value} chosen=${chosen.value} refused=${refused.value} choose=${choose}
        all=${() => { chosen.value = new Set(chosen.value.size === orders.value?.length ? [] : orders.value?.map((row) => row.id)); }} />
      ${more.value && html`<p class="muted">${t("work.more")}</p>`}
      <${Clearing} count=${chosen.value.size} busy=${busy.value} clear=${clear} />` : html`<${EmptyState} title=${t("work.none")} text=${t("work.noneText")} />`}
    ${kept.value.length > 0 && html`<section class="part"><h3>${t("partner.reservations")}</h3>
      <ul role="list" class="lines">${kept.value.map((row) => html`<li key=${row.id}><span>${row.sku} · ${row.quantity} ×<br /><span class="muted">${row.reference || t("work.channel")}</span></span>
        <button type="button" class="button" aria-label=${`${t("work.release")}: ${row.sku}`} onClick=${() => release(row.id)}>${t("work.release")}</button></li>`)}</ul></section>`}
  </div>`;
}

/** @param {{rows: any[], chosen: Set<string>, refused: Record<string, string>, choose: (id: string) => void, all: () => void}} props */
function Orders({ rows, chosen, refused, choose, all }) {
  return html`<div class="table"><table aria-label=${t("partners.orders")}>
    <thead><tr><th scope="col" class="select"><input type="checkbox" aria-label=${t("work.all")} checked=${chosen.size === rows.length} onChange=${all} /></th>
      <th scope="col">${t("work.order")}</th><th scope="col">${t("work.state")}</th><th scope="col">${t("work.due")}</th></tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.id}>
      <td class="select"><input type="checkbox" aria-label=${row.number} checked=${chosen.has(row.id)} onChange=${() => choose(row.id)} /></td>
      <td>${row.number}<br /><span class="muted">${row.lines.map((/** @type {any} */ line) => `${line.quantity} × ${line.name}`).join(", ")}</span>
        ${refused[row.id] && html`<br /><span class="fault">${refused[row.id]}</span>`}</td>
      <td>${row.cancelRequested ? t("work.asked") : t(`work.state.${row.state}`)}</td>
      <td data-label=${t("work.due")}>${dateTime(row.state === "OPEN" ? row.dueAt : row.shipDueAt) || "–"}</td>
    </tr>`)}</tbody></table></div>`;
}

/** @param {{count: number, busy: boolean, clear: (action: "MOVE" | "CANCEL", reason: string) => void}} props */
function Clearing({ count, busy, clear }) {
  function submit(/** @type {SubmitEvent} */ event) {
    event.preventDefault();
    const action = /** @type {"MOVE" | "CANCEL"} */ (/** @type {HTMLButtonElement} */ (event.submitter).value);
    clear(action, String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("why")).trim());
  }
  return html`<form class="stack" onSubmit=${submit}>
    <p class="muted">${t("work.follows", { count })}</p>
    ${count > 0 && html`<div class="field"><label for="why">${t("work.why")}</label><input id="why" name="why" required maxlength="300" /></div>
      <div class="row"><button class="button" value="MOVE" aria-disabled=${busy}>${t("work.move")}</button>
        <button class="button" value="CANCEL" aria-disabled=${busy}>${t("work.cancel")}</button></div>`}
  </form>`;
}
