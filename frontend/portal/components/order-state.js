/** Where an order stands with the partner. */
import { StatusPill } from "../../shared/components/status-pill.js";
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";

/** @type {Record<string, "info" | "ok" | "warn" | "bad">} */
const TONES = { SHIPPED: "ok", DELIVERED: "ok", PICKED_UP: "ok", ON_HOLD: "warn", REJECTED: "bad", CANCELED: "bad" };

/** @param {{order: any}} props */
export function OrderState({ order }) {
  if (order.cancelRequested) return html`<${StatusPill} tone="warn">${t("order.cancelAsked")}<//>`;
  return html`<${StatusPill} tone=${TONES[order.state] ?? "info"}>${t(`order.state.${order.state}`)}<//>`;
}
