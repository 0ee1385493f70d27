/**
 * The draft as it would read for a real order: the subject, the mail as a phone or a window shows it, the plain text. The
 * frame gets its mail by a form of its own: a page may not turn text into markup.
 */
import { ask, change } from "../../shared/api.js";
import { words } from "../../shared/components/failure.js";
import { tell } from "../../shared/components/toast.js";
import { t } from "../../shared/messages.js";
import { go, withQuery } from "../../shared/router.js";
import { html, useEffect, useRef, useSignal } from "../../shared/ui.js";
import { MESSAGE_PREVIEW, ORDERS_TO_SHOW, TEST_MESSAGE } from "../operations.js";

const PAUSE = 400; // milliseconds after the last key
const VIEWS = ["phone", "window", "text"];

/**
 * `refuse` is told what is wrong with the draft, null when nothing is.
 * @param {{template: string, language: string, channel: string | null, draft: {subject: string, title: string, body: string},
 *   order: string | null, refuse: (problem: any) => void}} props
 */
export function MessagePreview({ template, language, channel, draft, order, refuse }) {
  const recent = useSignal(/** @type {{id: string, number: string}[] | null} */ (null));
  const chosen = useSignal(/** @type {{id: string, number: string} | null} */ (null));
  const unknown = useSignal(/** @type {string | null} */ (null));
  const made = useSignal(/** @type {any} */ (null));
  const problem = useSignal(/** @type {any} */ (null));
  const view = useSignal("phone");
  const busy = useSignal(false);
  const form = useRef(/** @type {HTMLFormElement | null} */ (null));
  const turn = useRef(0);
  const input = { template, language, ...draft };

  async function begin() {
    try {
      const filter = { ...(channel && { channelIds: [channel] }) };
      const [there, named] = await Promise.all([ask(ORDERS_TO_SHOW, { filter }), order ? ask(ORDERS_TO_SHOW, { filter: { numbers: [order] } }) : null]);
      recent.value = there.orders.nodes;
      chosen.value = named?.orders.nodes[0] ?? there.orders.nodes[0] ?? null;
    } catch (failed) {
      problem.value = failed;
    }
  }

  async function look() {
    if (!chosen.value) return;
    const mine = ++turn.current;
    try {
      const { previewMessage } = await ask(MESSAGE_PREVIEW, { order: chosen.value.id, draft: input });
      if (mine !== turn.current) return;
      made.value = previewMessage;
      problem.value = null;
      refuse(null);
      form.current?.submit();
    } catch (/** @type {any} */ failed) {
      if (mine !== turn.current) return;
      const path = failed.details?.path ?? [];
      problem.value = failed;
      refuse({ code: failed.code, message: failed.message, path });
    }
  }

  async function find(/** @type {Event} */ event) {
    const number = /** @type {HTMLInputElement} */ (event.target).value.trim();
    unknown.value = null;
    if (!number || number === chosen.value?.number) return;
    try {
      const [there] = (await ask(ORDERS_TO_SHOW, { filter: { numbers: [number] } })).orders.nodes;
      if (!there) unknown.value = number;
      else {
        chosen.value = there;
        go(withQuery({ order: number }), { replace: true });
      }
    } catch (failed) {
      problem.value = failed;
    }
  }

  async function test() {
    if (busy.value || !chosen.value) return;
    busy.value = true;
    try {
      const { recipient } = await change(TEST_MESSAGE, { order: chosen.value.id, draft: input });
      tell(t("messages.tested", { recipient }));
    } catch (/** @type {any} */ failed) {
      tell(words(failed), { tone: "bad" });
    }
    busy.value = false;
  }

  useEffect(() => void begin(), []);
  useEffect(() => {
    const soon = setTimeout(look, made.value ? PAUSE : 0);
    return () => clearTimeout(soon);
  }, [draft.subject, draft.title, draft.body, chosen.value?.id]);

  const stale = problem.value !== null;
  return html`<section class="panel stack" aria-label=${t("messages.preview")}>
    <h2>${t("messages.preview")}</h2>
    ${recent.value?.length === 0 && !chosen.value ? html`<p class="notice">${t("messages.noOrders")}</p>` : choice(recent.value ?? [], chosen.value, unknown.value, find)}
    ${stale && html`<p class="notice bad" role="status">${words(problem.value)}${made.value && html`<br />${t("messages.stale")}`}</p>`}
    ${made.value && !stale && made.value.imagined.length > 0 && html`<p class="notice warn">${t("messages.imagined")}</p>`}
    ${made.value && html`<dl class="facts"><dt>${t("messages.subject")}</dt><dd>${made.value.subject}</dd></dl>
      <div class="row" role="group" aria-label=${t("messages.views")}>${VIEWS.map((each) => html`<button key=${each} type="button" class="button small" aria-pressed=${view.value === each} onClick=${() => { view.value = each; }}>${t(`messages.view.${each}`)}</button>`)}
        <button type="button" class="button push" aria-disabled=${busy.value || stale} onClick=${() => !stale && test()}>${t("messages.test")}</button></div>`}
    <form ref=${form} action="/mail-preview" method="post" target="mail-preview" hidden>
      ${Object.entries({ ...input, orderId: chosen.value?.id ?? "" }).map(([name, value]) => html`<textarea key=${name} name=${name} value=${value} readonly></textarea>`)}
    </form>
    <div class="mail-sheet" tabindex="0" role="region" aria-label=${t("messages.mail")} hidden=${!made.value || view.value === "text"}>
      <iframe class=${`mail ${view.value}`} name="mail-preview" sandbox="" title=${t("messages.mail")}></iframe></div>
    ${made.value && view.value === "text" && html`<pre class="mail-text" tabindex="0">${made.value.text}</pre>`}
  </section>`;
}

/**
 * @param {{id: string, number: string}[]} recent
 * @param {{number: string} | null} chosen
 * @param {string | null} unknown
 * @param {(event: Event) => void} find
 */
function choice(recent, chosen, unknown, find) {
  return html`<div class="field"><label for="message-order">${t("messages.order")}</label>
    <input id="message-order" key=${chosen?.number} list="message-orders" defaultValue=${chosen?.number ?? ""} onChange=${find} autocomplete="off" aria-invalid=${unknown ? "true" : undefined}
      aria-describedby=${unknown ? "message-order-fault" : "message-order-hint"} />
    <datalist id="message-orders">${recent.map((each) => html`<option key=${each.id} value=${each.number}></option>`)}</datalist>
    <span id="message-order-hint" class="muted">${t("messages.orderHint")}</span>
    ${unknown && html`<span id="message-order-fault" class="fault">${t("messages.noOrder", { number: unknown })}</span>`}</div>`;
}
