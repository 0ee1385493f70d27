/** A scan station, document first, parcel next: an order's number opens it, a parcel's number sends it. */
import { ask } from "../../shared/api.js";
import { EmptyState } from "../../shared/components/empty-state.js";
import { words } from "../../shared/components/failure.js";
import { ScanField } from "../../shared/components/scan-field.js";
import { lazy } from "../../shared/lazy.js";
import { t } from "../../shared/messages.js";
import { go, place, withQuery } from "../../shared/router.js";
import { inOrder } from "../../shared/scanner.js";
import { sounds, switchSounds } from "../../shared/sound.js";
import { html, signal, useEffect } from "../../shared/ui.js";
import { ship } from "../answering.js";
import { bearing, note, Scanned, scans, Verdict } from "../components/scans.js";
import { ONE_ORDER, TRACKING, WAITING } from "../operations.js";
import { begun, isWhole, leaving, lineOf, readings } from "../packing.js";

const PackDesk = lazy(() => import("../components/pack-desk.js"), "PackDesk");
const TO_PACK = ["ACCEPTED", "PICKED", "PACKED"];
const KEPT = "carrier"; // the one used last is proposed again

const order = signal(/** @type {any} */ (null));
const counts = signal(/** @type {Record<string, number>} */ ({}));
const parcels = signal(/** @type {{carrier: string, trackingNumber: string}[]} */ ([]));
const waiting = signal(/** @type {number | null} */ (null));
const done = signal(0);
const busy = signal(false);
const draft = (/** @type {string} */ id) => `packing ${id}`;
const newParcel = () => ({ carrier: localStorage.getItem(KEPT) ?? "", trackingNumber: "" });

/** What is counted and typed of the order that is open survives a reload. */
function keep() {
  if (order.value) sessionStorage.setItem(draft(order.value.id), JSON.stringify({ counts: counts.value, parcels: parcels.value }));
}

/** @param {any} found */
function open(found) {
  const kept = JSON.parse(sessionStorage.getItem(draft(found.id)) ?? "null");
  order.value = found;
  counts.value = kept?.counts ?? begun(found);
  parcels.value = kept?.parcels ?? [newParcel()];
  go(withQuery({ order: found.id }), { replace: true });
}

function clear() {
  order.value = null;
  go(withQuery({ order: null }), { replace: true });
}

async function count() {
  try {
    const { fulfillmentOrders } = await ask(WAITING, { filter: { states: TO_PACK } });
    waiting.value = fulfillmentOrders.nodes.length;
  } catch {
    waiting.value = null; // what is scanned says by itself when the server is away
  }
}

/** What is scanned and what is pressed: each is worked on after the one before. */
const inTurn = inOrder((/** @type {() => Promise<void>} */ work) => work());

/** What one scan does. @param {string} text */
const scan = (text) => inTurn(async () => {
  try {
    await take(text);
  } catch (/** @type {any} */ refused) {
    note(text, words(refused), false);
  }
});

/** Whether the order is still the one on the desk: while the server was asked it may have been put away. @param {any} here */
const isOpen = (here) => order.value?.id === here.id;

/** @param {string} text */
async function take(text) {
  const here = order.value;
  const line = here && lineOf(here, counts.value, text);
  if (line) return countPiece(line, text);
  if (here && readings(text).includes(here.number)) return note(text, t("pack.isOpen", { number: here.number }), true);
  const found = await bearing(text, !order.value);
  if (found.length) return begin(found, text);
  if (here && isOpen(here)) return number(text, here);
  note(text, t("pack.unknown"), false);
}

/** @param {any} line @param {string} text */
function countPiece(line, text) {
  const there = counts.value[line.id] ?? 0;
  if (there >= line.quantity) return note(text, t("pack.tooMany", { name: line.name }), false);
  counts.value = { ...counts.value, [line.id]: there + 1 };
  keep();
  note(text, t("pack.counted", { name: line.name, count: there + 1, of: line.quantity }), true);
}

/** Of the orders that were found the one to pack. @param {any[]} found @param {string} text */
function begin(found, text) {
  const next = found.find((each) => TO_PACK.includes(each.state) && !each.cancelRequested);
  const [first] = found;
  if (!next && first.cancelRequested) return note(text, t("pack.askedBack", { number: first.number }), false);
  if (!next) return note(text, t("pack.notToPack", { number: first.number, state: t(`order.state.${first.state}`) }), false);
  open(next);
  note(text, t("pack.opened", { number: next.number }), true);
}

/** The number of the parcel: checked, and when nothing is missing the order leaves. @param {string} text @param {any} here */
async function number(text, here) {
  const { trackingCheck: check } = await ask(TRACKING, { number: text });
  if (!isOpen(here)) return note(text, t("pack.unknown"), false);
  const others = check.usedBy.filter((/** @type {any} */ each) => each.id !== here.id);
  if (check.valid === false) return note(text, t("pack.wrongDigit"), false);
  if (others.length) return note(text, t("pack.usedBefore", { number: others[0].number }), false);
  const at = parcels.value.findIndex((parcel) => !parcel.trackingNumber);
  if (at < 0) return note(text, t("pack.allNumbered"), false);
  parcels.value = parcels.value.map((parcel, index) => (index === at ? { ...parcel, trackingNumber: check.number } : parcel));
  keep();
  const left = parcels.value.some((parcel) => !parcel.trackingNumber);
  if (left || !isWhole(order.value, counts.value)) return note(text, t("pack.numbered", { number: check.number }), true);
  await send();
  note(text, t("done.shipped", { number: here.number }), true);
}

/** What is on the desk leaves; another order that was opened meanwhile stays there. Throws `Refused`. */
async function send() {
  const sent = order.value;
  busy.value = true;
  const given = parcels.value.map((parcel) => ({ carrier: parcel.carrier.trim() || null, trackingNumber: parcel.trackingNumber.trim() || null }));
  localStorage.setItem(KEPT, given[0]?.carrier ?? "");
  try {
    await ship(sent, given, leaving(sent, counts.value), back);
  } finally {
    busy.value = false;
  }
  sessionStorage.removeItem(draft(sent.id));
  done.value += 1;
  if (isOpen(sent)) clear();
  count();

  function back() {
    done.value = Math.max(0, done.value - 1);
    count();
  }
}

async function shipNow() {
  const here = order.value;
  if (busy.value || !here) return;
  busy.value = true;
  await inTurn(async () => {
    if (!isOpen(here)) return; // a scan before it sent it
    try {
      await send();
      note(here.number, t("done.shipped", { number: here.number }), true);
    } catch (/** @type {any} */ refused) {
      note(here.number, words(refused), false);
    }
  });
  busy.value = false;
  /** @type {HTMLElement | null} */ (document.querySelector("input[name=scan]"))?.focus();
}

async function resume() {
  count();
  const id = place.value.query.get("order");
  if (!id || order.value?.id === id) return;
  try {
    const { fulfillmentOrder } = await ask(ONE_ORDER, { id });
    if (order.value) return; // a scan was quicker
    if (fulfillmentOrder && TO_PACK.includes(fulfillmentOrder.state)) open(fulfillmentOrder);
    else clear();
  } catch (/** @type {any} */ refused) {
    note("", words(refused), false);
  }
}

export function Page() {
  useEffect(() => {
    resume();
    return () => {
      order.value = null;
      scans.value = [];
      done.value = 0;
    };
  }, []);
  const none = waiting.value === 0;
  return html`<div class="stack station" data-keys>
    <div class="row"><h1>${t("pack.title")}</h1>
      <span role="status" class="muted">${waiting.value !== null && t("pack.waiting", { count: waiting.value })} ${t("pack.done", { count: done.value })}</span>
      <a class="push" href="/portal/ship">${t("pack.byFile")}</a>
      <label class="check"><input type="checkbox" checked=${sounds.value} onChange=${(/** @type {Event} */ event) => switchSounds(/** @type {HTMLInputElement} */ (event.target).checked)} /> ${t("pack.sound")}</label></div>
    <${ScanField} label=${t("pack.scan")} scan=${scan} />
    <${Verdict} />
    ${order.value
      ? html`<${PackDesk} key=${order.value.id} order=${order.value} counts=${counts.value} parcels=${parcels.value} busy=${busy.value}
          count=${(/** @type {Record<string, number>} */ next) => { counts.value = next; keep(); }}
          parcel=${(/** @type {any[]} */ next) => { parcels.value = next; keep(); }} add=${() => { parcels.value = [...parcels.value, newParcel()]; keep(); }}
          ship=${shipNow} leave=${clear} />`
      : html`<${EmptyState} title=${t(none ? "pack.none" : "pack.begin")} text=${t(none ? "pack.noneText" : "pack.beginText")}>
          <a class="button" href="/portal/orders?tab=pack">${t("pack.list")}</a><//>`}
    <${Scanned} />
  </div>`;
}
