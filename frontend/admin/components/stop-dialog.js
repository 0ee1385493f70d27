/** Suspending or ending a partner: what it has in hand is said before, and what becomes of it. */
import { Dialog } from "../../shared/components/dialog.js";
import { t } from "../../shared/messages.js";
import { html, useEffect, useRef } from "../../shared/ui.js";
import { Field } from "./form-parts.js";

/** @param {{partner: any, how: "suspend" | "end", busy: boolean, stop: (reason: string) => void, leave: () => void}} props */
export function StopDialog({ partner, how, busy, stop, leave }) {
  const { orders, articles, reservations, promised } = partner.openWork;
  const form = useRef(/** @type {HTMLFormElement | null} */ (null));
  useEffect(() => form.current?.querySelector("input")?.focus(), []);
  function submit(/** @type {SubmitEvent} */ event) {
    event.preventDefault();
    const reason = String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("reason")).trim();
    if (reason && !busy) stop(reason);
  }
  return html`<${Dialog} title=${t(`stop.${how}`, { name: partner.name })} leave=${leave}>
    <p>${t(`stop.follows.${how}`)}</p>
    <ul class="plain">
      <li>${t("stop.orders", { count: orders })}</li>
      <li>${t("stop.promised", { count: promised })}</li>
      <li>${t("stop.articles", { count: articles })}</li>
      <li>${t("stop.reservations", { count: reservations })}</li>
    </ul>
    <form ref=${form} class="stack" onSubmit=${submit}>
      <${Field} name="reason" label=${t("stop.reason")} hint=${t("stop.reasonHint")} required maxlength="500" />
      <div class="row"><button class="button main" aria-disabled=${busy}>${t(`stop.do.${how}`)}</button>
        <button type="button" class="button" onClick=${leave}>${t("action.back")}</button></div>
    </form>
  <//>`;
}
