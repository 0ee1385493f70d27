/** Goods that left, given for others: another size, or the right article in place of a wrong one. */
import { ask } from "../../shared/api.js";
import { may } from "../../shared/auth.js";
import { words } from "../../shared/components/failure.js";
import { Quantity } from "../../shared/components/quantity.js";
import { tell } from "../../shared/components/toast.js";
import { date, dayOf, money } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { useShortcuts } from "../../shared/shortcuts.js";
import { html, useSignal } from "../../shared/ui.js";
import { useActing } from "../acting.js";
import { exchangeable, givenOf } from "../change-wish.js";
import { exchangeInput, reasonOf, reasonsOf, WAYS } from "../exchange-wish.js";
import { CREATE_EXCHANGE, PREVIEW_EXCHANGE } from "../operations/exchange.js";
import { useKey, usePreview } from "../previewing.js";
import { siblingsOf } from "../siblings.js";
import { Letters } from "./customer-note.js";

/** @param {{order: any, changed: () => Promise<void>}} props */
export function ChangeExchange({ order, changed }) {
  const wish = useSignal(/** @type {import("../exchange-wish.js").ExchangeWish | null} */ (null));
  const others = useSignal(/** @type {any[]} */ ([]));
  const stale = useSignal(false);
  const rows = exchangeable(order);
  const input = exchangeInput(wish.value, order);
  const preview = usePreview(input, async (given) => (await ask(PREVIEW_EXCHANGE, { input: given })).previewExchange);
  const once = useKey([input, preview.shown.value?.token]);
  const { busy, act } = useActing(changed);
  /** @param {any} line */
  async function begin(line) {
    try {
      others.value = await siblingsOf(order, line, givenOf(line));
      wish.value = { lineId: line.id, quantity: 1, sku: "", way: WAYS[0], reason: "" };
    } catch (/** @type {any} */ refused) {
      tell(words(refused), { tone: "bad" });
    }
  }
  const ready = Boolean(input && preview.shown.value && !preview.waiting.value && !busy.value);
  const agree = () => ready && act(async () => {
    const { createExchange: result } = await ask(CREATE_EXCHANGE, { input, token: preview.shown.value.token }, { key: once.key });
    stale.value = Boolean(result.preview);
    if (result.preview) {
      preview.shown.value = result.preview;
      tell(t("change.stale"), { tone: "bad" });
    } else if (result.code) {
      tell(words(result), { tone: "bad" });
    } else {
      once.done();
      wish.value = null;
      tell(t("change.exchanged", { number: result.exchange.number }));
    }
  });
  useShortcuts(rows.length ? [{ keys: "x", label: "change.exchange", run: () => void begin(rows[0]), anywhere: true }] : []);
  if (!rows.length) return null;
  const set = (/** @type {object} */ part) => { wish.value = { .../** @type {any} */ (wish.value), ...part }; };
  return html`<section class="part sides" aria-label=${t("change.exchangeSent")}>
    <div class="stack"><h2>${t("change.exchangeSent")} <kbd>x</kbd></h2>
      <ul role="list" class="lines">${rows.map((line) => html`<li key=${line.id} class="wish">
        <div><strong>${line.name}</strong><br /><span class="muted">${line.sku} · ${t("change.withCustomer", { count: givenOf(line) })}</span></div>
        ${wish.value?.lineId === line.id ? html`<${Choice} line=${line} wish=${wish.value} others=${others.value} set=${set} leave=${() => { wish.value = null; }} />`
          : html`<button type="button" class="button small" aria-label=${t("change.exchangeOne", { name: line.name })} onClick=${() => begin(line)}>${t("change.exchange")}</button>`}
      </li>`)}</ul></div>
    ${wish.value && html`<section class="panel stack" aria-label=${t("change.exchangePreview")} aria-busy=${preview.waiting.value}>
      <h2>${t("change.exchangePreview")}</h2>
      <div aria-live="polite" class="stack">
        ${stale.value && html`<p class="notice warn">${t("change.stale")}</p>`}
        ${preview.problem.value ? html`<p class="notice bad">${words(preview.problem.value)}</p>` : !preview.shown.value && html`<p class="muted">${t("change.chooseArticle")}</p>`}
        ${preview.shown.value && html`<${Comes} preview=${preview.shown.value} />`}
      </div>
      <button type="button" class="button main" aria-disabled=${!ready} onClick=${agree}>${t("change.agreeExchange")}</button>
    </section>`}
  </section>`;
}

/** @param {{line: any, wish: import("../exchange-wish.js").ExchangeWish, others: any[], set: (part: object) => void, leave: () => void}} props */
function Choice({ line, wish, others, set, leave }) {
  const free = may("refunds:write");
  const again = wish.sku === line.sku;
  const chosen = (/** @type {string} */ name) => (/** @type {Event} */ event) => set({ [name]: /** @type {HTMLSelectElement} */ (event.target).value });
  return html`<div class="row">
    <${Quantity} id=${`exchange-${line.id}`} label=${t("change.exchangePieces", { name: line.name })} value=${wish.quantity} min=${1} max=${givenOf(line)} change=${(/** @type {number} */ quantity) => set({ quantity })} />
    <div class="field"><label for=${`new-${line.id}`}>${t("change.newArticle")}</label>
      <select id=${`new-${line.id}`} value=${wish.sku} onChange=${chosen("sku")}>
        <option value="">${t(others.length || free ? "change.choose" : "change.noOther")}</option>
        ${free && html`<option value=${line.sku}>${t("change.sameAgain", { name: line.name })}</option>`}
        ${others.map((each) => html`<option key=${each.sku} value=${each.sku}>${each.name} ${each.sku}${each.earliestOn ? ` · ${t("change.by", { day: date(each.earliestOn) })}` : ""}</option>`)}
      </select></div>
    ${wish.sku && html`<div class="field"><label for=${`reason-${line.id}`}>${t("exchange.reason")}</label>
      <select id=${`reason-${line.id}`} value=${reasonOf(wish, again)} onChange=${chosen("reason")}>${reasonsOf(again).map((each) => html`<option key=${each} value=${each}>${t(`refund.reason.${each}`)}</option>`)}</select></div>`}
    ${free && html`<div class="field"><label for=${`way-${line.id}`}>${t("change.exchangeWay")}</label>
      <select id=${`way-${line.id}`} value=${wish.way} onChange=${chosen("way")}>${WAYS.map((each) => html`<option key=${each} value=${each}>${t(`exchange.way.${each}`)}</option>`)}</select></div>`}
    <button type="button" class="button small" onClick=${leave}>${t("change.notSwap")}</button>
  </div>`;
}

/** @param {{preview: any}} props */
function Comes({ preview }) {
  return html`<dl class="facts">
    ${preview.lines.map((/** @type {any} */ line) => html`<dt key=${line.orderLineId}>${line.name}<br />→ ${line.newName}</dt>
      <dd>${line.quantity} × · ${money(line.worth.gross)} → <strong>${money(line.cost.gross)}</strong>${line.missing > 0 && html`<br /><span class="late">${t("change.missing", { count: line.missing })}</span>`}</dd>`)}
    <dt>${t("change.credited")}</dt><dd>${money(preview.credited)}<br /><span class="muted">${t("change.kept", { amount: money(preview.kept) })}</span></dd>
    ${preview.fee.amount > 0 && html`<dt>${t("change.returnFee")}</dt><dd>${money(preview.fee)}</dd>`}
    <dt>${t("change.refund")}</dt><dd><strong>${money(preview.refund)}</strong></dd>
    <dt>${t("change.toPay")}</dt><dd><strong>${money(preview.toPay)}</strong>${preview.toPay.amount > 0 && html`<br /><span class="muted">${preview.method ? t("change.by.method", { method: preview.method.label ?? t(`method.${preview.method.kind}`) }) : t("change.open")}</span>`}</dd>
    ${preview.arrivesOn && html`<dt>${t("change.arrives")}</dt><dd>${date(preview.arrivesOn)}${preview.heldUntil && html`<br /><span class="muted">${t("change.held", { day: dayOf(preview.heldUntil) })}</span>`}</dd>`}
    ${preview.dueAt && html`<dt>${t("change.backBy")}</dt><dd>${dayOf(preview.dueAt)}</dd>`}
  </dl>
  <${Letters} messages=${preview.messages} />`;
}
