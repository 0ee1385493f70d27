/** What can be done about a case: the pages where it is decided, with their forms begun; or at once, beside it. */
import { ask } from "../../shared/api.js";
import { may } from "../../shared/auth.js";
import { words } from "../../shared/components/failure.js";
import { lazy } from "../../shared/lazy.js";
import { t } from "../../shared/messages.js";
import { html, useEffect, useSignal } from "../../shared/ui.js";
import { waysOf, wayTo } from "../addresses.js";
import { goodsOf, workOfParcel } from "../case-goods.js";
import { CASE_GOODS } from "../operations/cases.js";
import { REFUNDS_OF } from "../operations/refunds.js";
import { pagesOf } from "./order-head.js";

const FailedRefunds = lazy(() => import("./refund-failed.js"), "FailedRefunds");
const SendAgain = lazy(() => import("./send-again.js"), "SendAgain");
const TakeBack = lazy(() => import("./take-back.js"), "TakeBack");
const GOODS = ["LATE", "UNDELIVERABLE"]; // kinds that are about goods under way

/** @param {{it: any, changed: () => Promise<unknown>}} props */
export function CaseSolve({ it, changed }) {
  const order = useSignal(/** @type {any} */ (null));
  const problem = useSignal(/** @type {any} */ (null));
  const doing = useSignal(/** @type {"again" | "back" | null} */ (null));
  const about = GOODS.includes(it.kind) ? CASE_GOODS : it.kind === "REFUND_FAILED" ? REFUNDS_OF : null;

  async function load() {
    if (!about) return;
    try {
      order.value = (await ask(about, { id: it.orderId })).order;
      problem.value = null;
    } catch (failed) {
      problem.value = failed;
    }
  }
  useEffect(() => void load(), [it.id, it.updatedAt]);
  const done = async () => {
    await load();
    await changed();
  };
  if (about && !order.value) return problem.value && html`<p class="notice bad">${words(problem.value)}</p>`;
  const goods = about === CASE_GOODS ? goodsOf(order.value, it.facts) : {};
  const left = Object.keys(goods).length > 0;
  const open = pagesOf(it.orderNumber).map(({ page }) => page);
  const ways = waysOf(it.kind).filter((way) => open.includes(way.page) && (!way.goods || left) && (!way.here || !left));
  const failed = about === REFUNDS_OF && order.value.refunds.filter((/** @type {any} */ each) => each.id === it.facts.refund_id);
  const back = it.kind === "UNDELIVERABLE" && left;
  const leave = () => { doing.value = null; };
  if (!ways.length && !failed && !back) return null;
  return html`<section class="stack" aria-label=${t("solve.title")}><h3>${t("solve.title")}</h3>
    ${failed && html`<${FailedRefunds} order=${{ ...order.value, refunds: failed }} changed=${done} />`}
    <div class="row wrap">${back && may("refunds:write") && html`<button type="button" class="button" onClick=${() => { doing.value = "again"; }}>${t("sendAgain.title")}</button>`}
      ${back && may("returns:write") && html`<button type="button" class="button" onClick=${() => { doing.value = "back"; }}>${t("takeBack.title")}</button>`}
      ${ways.map((way) => html`<a key=${way.name} class="button" href=${wayTo(way, it, goods)}>${t(`solve.${way.name}`)}</a>`)}</div>
    ${back && !may("returns:write") && html`<p class="muted">${t("takeBack.lead")}</p>`}
    ${doing.value === "again" && html`<${SendAgain} order=${order.value} goods=${goods} leave=${leave} changed=${done} />`}
    ${doing.value === "back" && html`<${TakeBack} order=${order.value} goods=${goods} from=${workOfParcel(order.value, it.facts)?.locationId} leave=${leave} changed=${done} />`}
  </section>`;
}
