/** What a customer gets back for an order: for goods that come back, for goods that do not, or out of goodwill. */
import { ask } from "../../shared/api.js";
import { EmptyState } from "../../shared/components/empty-state.js";
import { Failure } from "../../shared/components/failure.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { money } from "../../shared/format.js";
import { lazy } from "../../shared/lazy.js";
import { t } from "../../shared/messages.js";
import { place, withQuery } from "../../shared/router.js";
import { html, useEffect, useSignal } from "../../shared/ui.js";
import { byKey, orderAddress, piecesIn } from "../addresses.js";
import { Given } from "../components/given.js";
import { out } from "../components/line-pick.js";
import { OrderHead } from "../components/order-head.js";
import { GIVEN_BEFORE, REFUND_ORDER } from "../operations/refunds.js";
import { useTitle } from "../titles.js";

const Claims = lazy(() => import("../components/claims.js"), "Claims");
const WAYS = ["return", "claim", "goodwill", "refund"];
const FORMS = {
  return: lazy(() => import("../components/return-form.js"), "ReturnForm"),
  claim: lazy(() => import("../components/claim-form.js"), "ClaimForm"),
  goodwill: lazy(() => import("../components/goodwill-form.js"), "GoodwillForm"),
  refund: lazy(() => import("../components/refund-form.js"), "RefundForm"),
};

/** @param {{order: string}} props */
export function Page({ order: key }) {
  const order = useSignal(/** @type {any} */ (undefined));
  const given = useSignal(/** @type {any} */ (null));
  const problem = useSignal(/** @type {any} */ (null));

  async function load() {
    problem.value = null;
    try {
      order.value = (await ask(REFUND_ORDER, byKey(key))).order;
      if (order.value) given.value = await ask(GIVEN_BEFORE, { id: order.value.id });
    } catch (failed) {
      problem.value = failed;
    }
  }
  useEffect(() => void load(), []);
  useTitle(order.value && t("refund.title", { number: order.value.number }));
  if (problem.value) return html`<${Failure} problem=${problem.value} retry=${load} />`;
  if (order.value === undefined) return html`<${Skeleton} />`;
  if (order.value === null) return html`<${EmptyState} title=${t("order.unknown")} text=${t("order.unknownText", { key })}><a class="button" href="/care">${t("page.home")}</a><//>`;
  const it = order.value;
  return html`<div class="stack">
    <${OrderHead} order=${it}><p>${paid(it)}</p><//>
    ${it.lines.some((/** @type {any} */ line) => line.shipped) || taken(it) ? ways(it, load) : html`<${EmptyState} title=${t("refund.nothing")} text=${t("refund.nothingText")}>
      <a class="button" href=${orderAddress(it.number)}>${t("refund.toOrder")}</a><//>`}
    ${given.value?.claims.nodes.length > 0 && html`<${Claims} order=${it} claims=${given.value.claims.nodes} changed=${load} />`}
    ${given.value && html`<${Given} given=${given.value} changed=${load} />`}
  </div>`;
}

/** @param {any} it @param {() => Promise<void>} load */
function ways(it, load) {
  const { query } = place.value;
  const asked = query.get("do");
  const begin = { ...Object.fromEntries(query), lines: piecesIn(query.get("lines"), it.lines, out) };
  const way = /** @type {keyof typeof FORMS} */ (WAYS.includes(asked ?? "") ? asked : WAYS[0]);
  return html`<nav class="tabs" aria-label=${t("refund.ways")}>${WAYS.map((each) => html`<a key=${each} href=${withQuery({ do: each })} aria-current=${each === way ? "page" : undefined}>${t(`refund.way.${each}`)}</a>`)}</nav>
    <${FORMS[way]} key=${way} order=${it} begin=${begin} changed=${load} />`;
}

/** @param {any} it */
const taken = (it) => it.payments.reduce((/** @type {number} */ sum, /** @type {any} */ each) => sum + each.captured.amount, 0);

/** @param {any} it */
function paid(it) {
  const back = it.payments.reduce((/** @type {number} */ sum, /** @type {any} */ each) => sum + each.refunded.amount, 0);
  const of = (/** @type {number} */ amount) => money({ amount, currency: it.currency });
  return t("refund.paid", { total: money(it.total), paid: of(taken(it)), back: of(back) });
}
