/** An order to practice with: see, accept and print, ship. It looks like work, says that it is none, and moves nothing. */
import { change } from "../../shared/api.js";
import { Failure } from "../../shared/components/failure.js";
import { StatusPill } from "../../shared/components/status-pill.js";
import { t } from "../../shared/messages.js";
import { html, useEffect, useSignal } from "../../shared/ui.js";
import { ACCEPT_PRACTICE, BEGIN_PRACTICE, SHIP_PRACTICE } from "../operations.js";
import { ShipForm } from "./ship-form.js";

/** @param {{company: import("@preact/signals").Signal<any>}} props */
export function Practice({ company }) {
  const problem = useSignal(/** @type {any} */ (null));
  const busy = useSignal(false);

  /** @param {string} document @param {Record<string, any>} [given] */
  async function act(document, given = {}) {
    if (busy.value) return;
    busy.value = true;
    problem.value = null;
    try {
      company.value = (await change(document, given)).partnership;
    } catch (refused) {
      problem.value = refused;
    }
    busy.value = false;
  }
  const order = company.value.practice;
  useEffect(() => {
    if (!order) act(BEGIN_PRACTICE);
  }, []);
  if (!order) return problem.value ? html`<${Failure} problem=${problem.value} retry=${() => act(BEGIN_PRACTICE)} />` : null;
  const print = `/files/practice/${order.id}`;
  return html`<section class="panel stack" aria-label=${order.number}>
    <div class="row"><h2>${order.number}</h2><${StatusPill} tone=${order.state === "SHIPPED" ? "ok" : "info"}>${t(`order.state.${order.state}`)}<//>
      <${StatusPill} tone="warn">${t("practice.mark")}<//></div>
    <p class="muted">${t("practice.nothing")}</p>
    ${problem.value && html`<${Failure} problem=${problem.value} />`}
    <ul role="list" class="lines">${order.lines.map((/** @type {any} */ line) => html`<li key=${line.sku}><span>${line.name}<br /><span class="muted">${line.sku}</span></span><span class="number">${line.quantity}</span></li>`)}</ul>
    ${order.state === "OPEN" && html`<div class="row">
      <a class="button main" href=${print} target="_blank" rel="noopener" onClick=${() => void act(ACCEPT_PRACTICE, { id: order.id })}>${t("practice.accept")}</a></div>`}
    ${order.state !== "OPEN" && html`<p><a href=${print} target="_blank" rel="noopener">${t("practice.print")}</a></p>`}
    ${order.state === "ACCEPTED" && html`<${ShipForm} busy=${busy.value} proposed=${company.value.carriers} ship=${(/** @type {any[]} */ [parcel]) => act(SHIP_PRACTICE, { id: order.id, ...parcel })} />`}
    ${order.state === "SHIPPED" && html`<div class="notice" role="status"><p>${t("practice.done")}</p></div>
      <div class="row"><a class="button main" href="/portal/orders">${t("practice.toOrders")}</a>
        <button type="button" class="button" aria-disabled=${busy.value} onClick=${() => act(BEGIN_PRACTICE)}>${t("practice.again")}</button></div>`}
  </section>`;
}
