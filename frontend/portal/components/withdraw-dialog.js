/** Taking offers back has no way back by one click: what it does is said before. */
import { Dialog } from "../../shared/components/dialog.js";
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";

/** @param {{count: number, withdraw: () => void, leave: () => void}} props */
export function WithdrawDialog({ count, withdraw, leave }) {
  return html`<${Dialog} title=${t("catalogue.withdraw", { count })} leave=${leave}>
    <p>${t("catalogue.withdrawText")}</p>
    <div class="row"><button type="button" class="button main" onClick=${withdraw}>${t("catalogue.doWithdraw", { count })}</button>
      <button type="button" class="button" onClick=${leave}>${t("action.back")}</button></div><//>`;
}
