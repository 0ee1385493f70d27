/** Goodwill: what waits for approval, what was given in a time and why, and how much each role may give alone. */
import { ask } from "../../shared/api.js";
import { Failure } from "../../shared/components/failure.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { lazy } from "../../shared/lazy.js";
import { t } from "../../shared/messages.js";
import { place, withQuery } from "../../shared/router.js";
import { html, useEffect, useSignal } from "../../shared/ui.js";
import { GOODWILL_WAITING } from "../operations.js";

const VIEWS = {
  waiting: lazy(() => import("../components/goodwill-waiting.js"), "GoodwillWaiting"),
  given: lazy(() => import("../components/goodwill-given.js"), "GoodwillGiven"),
  limits: lazy(() => import("../components/goodwill-limits.js"), "GoodwillLimits"),
};
const NO_FILTER = { form: null, reason: null, from: null, to: null };

export function Page() {
  const waiting = useSignal(/** @type {any[] | null} */ (null));
  const more = useSignal(/** @type {string | null} */ (null));
  const problem = useSignal(/** @type {any} */ (null));

  /** @param {string | null} [after] */
  async function load(after = null) {
    try {
      const { goodwill } = await ask(GOODWILL_WAITING, { after });
      waiting.value = after ? [...(waiting.value ?? []), ...goodwill.nodes] : goodwill.nodes;
      more.value = goodwill.pageInfo.hasNextPage ? goodwill.pageInfo.endCursor : null;
      problem.value = null;
    } catch (failed) {
      problem.value = failed;
    }
  }
  useEffect(() => void load(), []);
  const asked = place.value.query.get("view") ?? "";
  const view = /** @type {keyof typeof VIEWS} */ (asked in VIEWS ? asked : "waiting");
  const count = waiting.value && `${waiting.value.length}${more.value ? "+" : ""}`;
  return html`<div class="stack">
    <h1>${t("goodwill.title")}</h1>
    <p class="muted">${t("goodwill.about")}</p>
    <nav class="tabs" aria-label=${t("goodwill.views")}>${Object.keys(VIEWS).map((each) => html`<a key=${each} href=${withQuery({ ...NO_FILTER, view: each })} aria-current=${each === view ? "page" : undefined}>
      ${t(`goodwill.view.${each}`)}${each === "waiting" && count && html` <span class="badge">${count}</span>`}</a>`)}</nav>
    ${view === "waiting" ? body() : html`<${VIEWS[view]} />`}
  </div>`;

  function body() {
    if (problem.value) return html`<${Failure} problem=${problem.value} retry=${() => load()} />`;
    if (!waiting.value) return html`<${Skeleton} />`;
    return html`<${VIEWS.waiting} rows=${waiting.value} more=${more.value && (() => void load(more.value))} changed=${load} />`;
  }
}
