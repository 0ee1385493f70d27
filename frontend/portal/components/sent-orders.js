/** A parcel nobody announced: find the order it came of, say what is in it, go on as with any return. */
import { ask, change } from "../../shared/api.js";
import { Failure, words } from "../../shared/components/failure.js";
import { tell } from "../../shared/components/toast.js";
import { dateTime } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { go, withQuery } from "../../shared/router.js";
import { html, useEffect, useRef, useSignal } from "../../shared/ui.js";
import { ANNOUNCE_ARRIVED, SENT_ORDERS } from "../operations.js";

const SHORTEST = 3;

/** @param {{text: string, opened: (id: string) => void}} props */
export function SentOrders({ text, opened }) {
  const found = useSignal(/** @type {any[] | null} */ (null));
  const problem = useSignal(/** @type {any} */ (null));
  const busy = useSignal(false);
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));

  async function load() {
    problem.value = null;
    try {
      found.value = (await ask(SENT_ORDERS, { text })).sentOrders;
    } catch (failed) {
      problem.value = failed;
    }
  }
  useEffect(() => {
    field.current?.focus();
    if (text.length >= SHORTEST) load();
  }, [text]);

  function search(/** @type {SubmitEvent} */ event) {
    event.preventDefault();
    const given = String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("find")).trim();
    go(withQuery({ find: given }), { replace: true });
  }

  async function take(/** @type {SubmitEvent} */ event, /** @type {any} */ order) {
    event.preventDefault();
    if (busy.value) return;
    const given = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const pieces = order.lines.map((/** @type {any} */ line) => ({ orderLineId: line.orderLineId, quantity: Number(given.get(line.orderLineId)) })).filter((/** @type {any} */ each) => each.quantity > 0);
    if (!pieces.length) return tell(t("return.nothing"), { tone: "bad" });
    busy.value = true;
    try {
      opened((await change(ANNOUNCE_ARRIVED, { orderId: order.orderId, pieces })).return.id);
    } catch (/** @type {any} */ refused) {
      tell(words(refused), { tone: "bad" });
    }
    busy.value = false;
  }

  return html`<aside class="panel stack" aria-label=${t("sent.title")}>
    <div class="row"><h2>${t("sent.title")}</h2><a class="button plain push" href=${withQuery({ find: null })} aria-label=${t("action.close")}>×</a></div>
    ${text && found.value?.length === 0 && html`<p role="status">${t("sent.none", { text })}</p>`}
    <form class="field" role="search" onSubmit=${search}><label for="find">${t("sent.search")}</label>
      <input ref=${field} id="find" name="find" type="search" minlength=${SHORTEST} maxlength="80" required defaultValue=${text} /></form>
    ${problem.value && html`<${Failure} problem=${problem.value} retry=${load} />`}
    ${found.value?.map((order) => html`<form key=${order.orderId} class="part" aria-label=${order.orderNumber} onSubmit=${(/** @type {SubmitEvent} */ event) => take(event, order)}>
      <strong>${order.orderNumber}</strong> <span class="muted">${dateTime(order.shippedAt)}</span>
      <ul role="list" class="lines">${order.lines.map((/** @type {any} */ line) => html`<li key=${line.orderLineId}>
        <label for=${line.orderLineId}>${line.name}<br /><span class="muted">${line.sku}</span></label>
        <input class="control" id=${line.orderLineId} name=${line.orderLineId} type="number" min="0" max=${line.returnable} defaultValue=${order.lines.length === 1 ? Math.min(1, line.returnable) : 0} inputmode="numeric" /></li>`)}</ul>
      <div><button class="button main" aria-disabled=${busy.value}>${t("sent.take")}</button></div></form>`)}
  </aside>`;
}
