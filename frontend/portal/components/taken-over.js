/** Who took over an order that is lost: when, why, and what kind of place has it now. */
import { dateTime } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";

/** @param {{lost: {at: string, unanswered: boolean, kind: string | null}}} props */
export function TakenOver({ lost }) {
  return html`<div class="notice warn"><p><strong>${t("order.takenOver")}.</strong> ${t(`order.takenOver.${lost.unanswered ? "unanswered" : "moved"}`, { at: dateTime(lost.at) })}</p>
    <p>${t(`order.takenOver.kind.${lost.kind ?? "nobody"}`)}</p></div>`;
}
