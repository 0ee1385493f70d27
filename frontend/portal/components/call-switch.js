/** Whether a new order sounds and is counted in the title; kept for this person in this browser. */
import { calls, switchCalls } from "../../shared/attention.js";
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";

export function CallSwitch() {
  return html`<label class="check"><input type="checkbox" checked=${calls.value} onChange=${switchCalls} /> ${t("orders.call")}</label>`;
}
