/** A change of an order beside its case: what it does, and doing it. Ctrl Enter confirms. */
import { Dialog } from "../../shared/components/dialog.js";
import { words } from "../../shared/components/failure.js";
import { tell } from "../../shared/components/toast.js";
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";
import { useOrderChange } from "../changing.js";
import { ChangePreview } from "./change-preview.js";

/**
 * `input` is null until what is in it (`children`) is chosen; `changed` looks anew when it is done.
 * @param {{title: string, orderId: string, input: any, reason: string, places: any[], leave: () => void, changed: () => Promise<unknown>, children?: any}} props
 */
export function ChangeDialog({ title, orderId, input, reason, places, leave, changed, children }) {
  const { preview, refused, moved, ready, confirm } = useOrderChange({
    id: orderId, input, reason, look: () => {},
    done: (made) => {
      tell(t(made.state === "PENDING" ? "change.waits" : "change.done"));
      leave();
      void changed();
    },
  });
  return html`<${Dialog} title=${title} leave=${leave} send=${() => void confirm()}>${children}
    <section class="stack" aria-label=${t("change.preview")} aria-live="polite" aria-busy=${Boolean(input) && !ready && !refused.value}>
      ${moved.value && html`<p class="notice warn">${t("change.stale")}</p>`}
      ${refused.value && html`<p class="notice bad">${words(refused.value)}</p>`}
      ${preview.value ? html`<${ChangePreview} preview=${preview.value} places=${places} />` : !refused.value && html`<p class="muted">${t(input ? "refund.wait" : "change.none")}</p>`}</section>
    <div class="row"><button type="button" class="button main" aria-disabled=${!ready} onClick=${confirm}>${t("change.confirm")} <kbd>${t("shell.ctrl")} ⏎</kbd></button></div><//>`;
}
