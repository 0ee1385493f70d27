/** Where the relation with a partner stands. */
import { StatusPill } from "../../shared/components/status-pill.js";
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";

/** @type {Record<string, "info" | "ok" | "warn" | "bad">} */
const TONES = { ACTIVE: "ok", SUSPENDED: "warn", ENDED: "bad" };

/** @param {{state: string}} props */
export function PartnerState({ state }) {
  return html`<${StatusPill} tone=${TONES[state] ?? "info"}>${t(`partners.state.${state}`)}<//>`;
}
