/** The pick list: walk once for many orders; ticked or scanned, short picks are said, what was called off goes back. */
import { ask, change } from "../../shared/api.js";
import { EmptyState } from "../../shared/components/empty-state.js";
import { Failure } from "../../shared/components/failure.js";
import { ScanField } from "../../shared/components/scan-field.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { tell } from "../../shared/components/toast.js";
import { lazy } from "../../shared/lazy.js";
import { t } from "../../shared/messages.js";
import { place, withQuery } from "../../shared/router.js";
import { inOrder } from "../../shared/scanner.js";
import { useShortcuts } from "../../shared/shortcuts.js";
import { sound } from "../../shared/sound.js";
import { effect, html, signal, untracked, useEffect } from "../../shared/ui.js";
import { attempt, print, rejectPieces } from "../answering.js";
import { PICKING, PICKS, WAITING } from "../operations.js";
import { lineOf } from "../packing.js";
import { rowsOf, spread } from "../picking.js";
import { lookAnew } from "../../shared/look-anew.js";
import { ORDERS_LIVE } from "../watching.js";

const PickRow = lazy(() => import("../components/pick-row.js"), "PickRow");
const orders = signal(/** @type {any[] | null} */ (null));
const shelves = signal(/** @type {any[]} */ ([]));
const problem = signal(/** @type {any} */ (null));
const said = signal(/** @type {{text: string, good: boolean} | null} */ (null));
let begun = /** @type {string[] | null} */ (null); // the orders of this walk: what is called off stays on the list
let turn = 0;
let writing = 0;

const by = () => (place.value.query.get("by") === "order" ? "order" : "shelf");

async function load() {
  const mine = ++turn;
  try {
    const named = place.value.query.get("orders");
    const ids = named ? named.split(",") : (begun ??= await waiting());
    const found = ids.length ? await ask(PICKING, { filter: { ids }, ids }) : { fulfillmentOrders: { nodes: [] }, shelves: [] };
    if (mine !== turn || writing) return;
    orders.value = found.fulfillmentOrders.nodes;
    shelves.value = found.shelves;
    problem.value = null;
  } catch (failed) {
    if (mine === turn) problem.value = failed;
  }
}

async function waiting() {
  const { fulfillmentOrders } = await ask(WAITING, { filter: { states: ["ACCEPTED", "PICKED"] } });
  return fulfillmentOrders.nodes.map((/** @type {any} */ each) => each.id);
}

function watch() {
  const stop = effect(() => {
    place.value.query.get("orders");
    untracked(load);
  });
  const leave = lookAnew(ORDERS_LIVE, () => load(), () => writing > 0);
  return () => {
    stop();
    leave();
    turn += 1;
    orders.value = problem.value = said.value = begun = null;
  };
}

/** What is in hand is shown at once and reported one after the other; what was refused is read again. */
const report = inOrder(async (/** @type {{orderId: string, lineId: string, quantity: number}[]} */ picks) => {
  const inputs = [...new Set(picks.map((each) => each.orderId))].map((id) => ({
    fulfillmentOrderId: id, lines: picks.filter((each) => each.orderId === id).map(({ lineId, quantity }) => ({ lineId, quantity })),
  }));
  const told = await attempt(async () => {
    const { results } = await change(PICKS, { inputs }, { again: true });
    for (const each of results.filter((/** @type {any} */ result) => result.code)) tell(each.message, { tone: "bad" });
  });
  writing -= 1;
  if (!told || !writing) await load();
});

/** @param {import("../picking.js").Row} row @param {number} pieces */
function pick(row, pieces) {
  const picks = spread(row, pieces);
  const now = new Map(picks.map((each) => [each.lineId, each.quantity]));
  orders.value = (orders.value ?? []).map((order) => ({ ...order, lines: order.lines.map((/** @type {any} */ line) => ({ ...line, picked: now.get(line.id) ?? line.picked })) }));
  writing += 1;
  report(picks);
}

/** A scanned article is one piece more in hand. @param {string} text */
function scan(text) {
  const rows = rowsOf(orders.value ?? [], shelves.value, "shelf").filter((row) => !row.gone);
  const asLines = { lines: rows.map((row) => ({ ...row, id: row.key })) };
  const line = lineOf(asLines, Object.fromEntries(rows.map((row) => [row.key, row.picked])), text);
  const row = rows.find((each) => each.key === line?.id);
  if (!row || row.picked >= row.quantity) {
    said.value = { text: t(row ? "pick.enough" : "pick.notOnList", { code: text }), good: false };
    return sound("bad");
  }
  pick(row, row.picked + 1);
  said.value = { text: t("pick.counted", { name: row.name, count: row.picked + 1, of: row.quantity }), good: true };
  sound("ok");
}

/** The pieces that are not there: refused, of the orders that lack them. @param {import("../picking.js").Row} row @param {any} why */
async function rejectMissing(row, why) {
  for (const take of row.takes.filter((each) => each.picked < each.quantity)) {
    await attempt(() => rejectPieces(take.orderId, [{ lineId: take.lineId, quantity: take.quantity - take.picked, ...why }], load));
  }
  await load();
}

export function Page() {
  useEffect(watch, []);
  const rows = rowsOf(orders.value ?? [], shelves.value, by());
  const open = rows.filter((row) => !row.gone);
  const ids = [...new Set(open.flatMap((row) => row.takes.map((take) => take.orderId)))];
  const printList = () => void print(["PICK_LIST"], () => ids, { pickBy: by() === "order" ? "ORDER" : "ARTICLE" });
  useShortcuts([{ keys: "p", label: "pick.print", run: printList, anywhere: true }]);
  return html`<div class="stack" data-keys>
    <div class="row"><h1>${t("pick.title")}</h1>
      <nav class="tabs" aria-label=${t("pick.by")}>${["shelf", "order"].map((each) => html`<a key=${each} href=${withQuery({ by: each === "shelf" ? null : each })} aria-current=${by() === each ? "page" : undefined}>${t(`pick.by.${each}`)}</a>`)}</nav>
      <button type="button" class="button push" onClick=${printList}>${t("pick.print")}</button>
      <a class="button main" href="/portal/pack">${t("pick.done")}</a></div>
    ${problem.value && html`<${Failure} problem=${problem.value} retry=${load} />`}
    ${orders.value && rows.length > 0 && html`<${ScanField} label=${t("pick.scan")} scan=${scan} />
      <div role=${said.value?.good === false ? "alert" : "status"}>${said.value && html`<p class=${`notice ${said.value.good ? "" : "bad"}`}>${said.value.text}</p>`}</div>
      <p class="muted" role="status">${t("pick.progress", { count: open.reduce((sum, row) => sum + row.picked, 0), of: open.reduce((sum, row) => sum + row.quantity, 0), orders: ids.length })}</p>
      <ul role="list" class="picks">${rows.map((row) => html`<${PickRow} key=${row.key} row=${row} pick=${(/** @type {number} */ pieces) => pick(row, pieces)} reject=${(/** @type {any} */ why) => rejectMissing(row, why)} />`)}</ul>`}
    ${orders.value === null && !problem.value && html`<${Skeleton} />`}
    ${orders.value && !rows.length && html`<${EmptyState} title=${t("pick.none")} text=${t("pick.noneText")}><a class="button" href="/portal/orders">${t("pick.inbox")}</a><//>`}
  </div>`;
}
