/** An order beside the list: look, decide, print and send without leaving it. */
import { ask, change, Refused } from "../../shared/api.js";
import { may } from "../../shared/auth.js";
import { Failure, unanswered, words } from "../../shared/components/failure.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { tell } from "../../shared/components/toast.js";
import { country, date, dateTime } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { withQuery } from "../../shared/router.js";
import { useShortcuts } from "../../shared/shortcuts.js";
import { html, useEffect, useRef, useSignal } from "../../shared/ui.js";
import { accept, answerPieces, print, recall, reject, rejectPieces, ship } from "../answering.js";
import { ANSWER_CANCELLATION, ONE_ORDER } from "../operations.js";
import { AnswerForm } from "./answer-form.js";
import { Documents } from "./documents.js";
import { OrderState } from "./order-state.js";
import { OrderTalk } from "./order-talk.js";
import { Parcels } from "./parcels.js";
import { ReasonForm } from "./reason-form.js";
import { ShipForm } from "./ship-form.js";

const PAPERS = ["PICK_LIST", "DELIVERY_NOTE"];

/** `seen` is when the list last saw the order changed. @param {{id: string, seen?: string, changed: () => void}} props */
export function OrderPanel({ id, seen, changed }) {
  const order = useSignal(/** @type {any} */ (undefined));
  const problem = useSignal(/** @type {any} */ (null));
  const busy = useSignal(false);
  /** What is being decided: all of it ("all"), a line (its id), piece by piece ("pieces"). */
  const deciding = useSignal(/** @type {string | null} */ (null));
  const unsure = useSignal(false); // something was asked for, and no answer came
  const heading = useRef(/** @type {HTMLElement | null} */ (null));

  async function load() {
    problem.value = null;
    try {
      order.value = (await ask(ONE_ORDER, { id })).fulfillmentOrder;
      unsure.value = false;
    } catch (failed) {
      problem.value = failed;
    }
  }
  const both = async () => {
    await load();
    changed();
  };
  useEffect(() => void load(), [id]);
  useEffect(() => {
    if (seen && order.value && seen !== order.value.updatedAt && !busy.value) load();
  }, [seen]);
  useEffect(() => heading.current?.focus(), [order.value?.id]);
  useEffect(() => {
    // The button that was pressed is gone.
    if (document.activeElement === document.body) heading.current?.focus({ preventScroll: true });
  }, [order.value, deciding.value]);

  /** One thing at a time; what came of it is told, and list and order are read again. */
  async function act(/** @type {() => Promise<any>} */ doing) {
    if (busy.value) return;
    busy.value = true;
    try {
      await doing();
      deciding.value = null;
    } catch (/** @type {any} */ refused) {
      unsure.value = unanswered(refused);
      tell(unsure.value ? `${words(refused)} ${t("error.maybeChanged")}` : words(refused), { tone: "bad" });
    }
    busy.value = false;
    await both();
  }
  /** The refusal of the one order of a batch is a refusal. @param {{failed: Map<string, string>}} outcome */
  function alone({ failed }) {
    const [message] = failed.values();
    if (message) throw new Refused({ code: "REFUSED", message });
  }

  const acceptAll = () => act(async () => alone(await accept([id], both)));
  const acceptAndPrint = () => {
    if (busy.value) return;
    busy.value = true;
    print(PAPERS, async () => {
      const outcome = await accept([id], both);
      alone(outcome);
      return outcome.done.map((each) => each.id);
    }).finally(() => {
      busy.value = false;
      both();
    });
  };
  const rejectAll = (/** @type {any} */ why) => act(async () => alone(await reject([id], why, both)));
  const rejectLine = (/** @type {any} */ line) => (/** @type {any} */ why) => act(() => rejectPieces(id, [{ lineId: line.id, quantity: line.quantity, ...why }], both));
  const answer = (/** @type {any} */ given) => act(() => answerPieces(id, given, both));
  const agree = (/** @type {boolean} */ agreed) => act(() => change(ANSWER_CANCELLATION, { id, agreed }));
  const send = (/** @type {any[]} */ parcels) => act(() => ship(order.value, parcels, null, both));
  const takeBack = (/** @type {string} */ shipment) => act(() => recall(shipment, both));

  const it = order.value;
  const writes = may("fulfillment:write");
  const open = Boolean(it && it.state === "OPEN" && writes);
  const packing = Boolean(it && ["ACCEPTED", "PICKED", "PACKED"].includes(it.state) && writes && !it.cancelRequested);
  const decide = (/** @type {string | null} */ what) => () => { deciding.value = what; };
  useShortcuts(it ? [
    ...(open ? [{ keys: "a", label: "order.acceptPrint", run: acceptAndPrint }, { keys: "r", label: "order.reject", run: decide("all") }] : []),
    ...(packing ? [{ keys: "s", label: "order.ship", run: () => focusOn("n-0") }] : []),
    { keys: "p", label: "order.print", run: () => void print(PAPERS, () => [id]) },
    ...(writes ? [{ keys: "m", label: "order.message", run: () => focusOn("message") }] : []),
  ] : []);

  // What was read before stays, and with it what is being typed.
  const failed = problem.value && html`<${Failure} problem=${problem.value} retry=${load} changed=${unsure.value} />`;
  if (failed && !it) return html`<aside class="panel">${failed}</aside>`;
  if (it === undefined) return html`<aside class="panel"><${Skeleton} rows=${4} /></aside>`;
  if (it === null) return html`<aside class="panel"><p>${t("order.gone")}</p><a href=${withQuery({ order: null })}>${t("action.close")}</a></aside>`;
  const place = (/** @type {any[]} */ lines) => lines.map((line) => ({ ...line, locationId: it.locationId }));
  return html`<aside class="panel stack" aria-label=${it.number}>
    <div class="row"><h2 ref=${heading} tabindex="-1">${it.number}</h2><${OrderState} order=${it} />
      <a class="button plain push" href=${withQuery({ order: null })} aria-label=${t("action.close")}>×</a></div>
    ${failed}
    <${Lost} order=${it} />
    ${facts(it)}
    ${it.cancelRequested && writes && html`<${Asked} order=${it} answer=${agree} />`}
    ${deciding.value === "pieces" ? html`<${AnswerForm} order=${it} busy=${busy.value} answer=${answer} leave=${decide(null)} />`
      : html`<ul role="list" class="lines" aria-label=${t("order.lines")}>${it.lines.map((/** @type {any} */ line) => html`<li key=${line.id}>
          <span>${line.name}<br /><span class="muted">${line.sku}</span></span><span class="number">${line.quantity} ×</span>
          ${line.rejectReason && html`<span class="muted">${t(`reason.${line.rejectReason}`)} ${line.rejectNote}</span>`}
          ${(open || packing) && it.lines.length > 1 && !deciding.value && html`<button type="button" class="button small" onClick=${decide(line.id)} aria-label=${t("order.rejectLine", { sku: line.sku })}>${t("order.reject")}</button>`}
          ${deciding.value === line.id && html`<div class="whole"><${ReasonForm} lines=${place([line])} busy=${busy.value} done=${rejectLine(line)} leave=${decide(null)} /></div>`}
        </li>`)}</ul>`}
    ${deciding.value === "all" && html`<${ReasonForm} lines=${place(it.lines)} busy=${busy.value} done=${rejectAll} leave=${decide(null)} />`}
    ${(open || packing) && !deciding.value && html`<div class="row">
      ${open && html`<button type="button" class="button main" aria-disabled=${busy.value} onClick=${acceptAndPrint}>${t("order.acceptPrint")}</button>
        <button type="button" class="button" aria-disabled=${busy.value} onClick=${acceptAll}>${t("order.acceptAll")}</button>
        <button type="button" class="button" onClick=${decide("pieces")}>${t("order.pieces")}</button>`}
      <button type="button" class="button" onClick=${decide("all")}>${t("order.reject")}</button></div>`}
    ${packing && html`<${ShipForm} key=${it.id} busy=${busy.value} ship=${send} />`}
    <${Parcels} order=${it} recall=${takeBack} />
    <${Documents} order=${it} />
    <${OrderTalk} order=${it} changed=${both} />
  </aside>`;
}

/** @param {string} id */
function focusOn(id) {
  const there = document.getElementById(id);
  const around = there?.closest("details");
  if (around) around.open = true;
  there?.focus();
}

/** @param {any} it */
function facts(it) {
  const address = it.shippingAddress;
  return html`<dl class="facts">
    ${address && html`<dt>${t("order.to")}</dt><dd>${[address.company, address.name, address.street, address.extra].filter(Boolean).join(", ")}<br />
      ${address.postalCode} ${address.city}, ${country(address.country)}</dd>`}
    <dt>${t("order.order")}</dt><dd>${it.orderNumber}</dd>
    ${it.dueAt && it.state === "OPEN" && html`<dt>${t("order.due")}</dt><dd>${dateTime(it.dueAt)}</dd>`}
    ${it.expectedOn && html`<dt>${t("order.expected")}</dt><dd>${date(it.expectedOn)}</dd>`}
    ${it.promisedOn && html`<dt>${t("order.promised")}</dt><dd>${date(it.promisedOn)}</dd>`}
  </dl>`;
}

/** Who has it now that this place refused it, or let its time pass. @param {{order: any}} props */
function Lost({ order }) {
  if (order.state !== "REJECTED") return null;
  const missed = order.lines.some((/** @type {any} */ line) => line.rejectReason === "NO_ANSWER");
  return html`<div class="notice warn stack">${missed && html`<p>${t("order.missed")}</p>`}
    ${order.takenOver.map((/** @type {any} */ each) => html`<p key=${each.at}>${t("order.takenOver", { count: each.quantity, place: each.place ?? t("order.otherPlace"), at: dateTime(each.at) })}</p>`)}
    ${!order.takenOver.length && html`<p>${t("order.looking")}</p>`}</div>`;
}

/** @param {{order: any, answer: (agreed: boolean) => void}} props */
function Asked({ order, answer }) {
  return html`<div class="notice warn stack"><p>${t("order.cancelAskedText")} ${order.cancelReason}</p><div class="row">
    <button type="button" class="button" onClick=${() => answer(true)}>${t("order.cancelAgree")}</button>
    <button type="button" class="button" onClick=${() => answer(false)}>${t("order.cancelTooLate")}</button></div></div>`;
}
