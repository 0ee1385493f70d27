/** An order: what is true about it. */
import { ask } from "../../shared/api.js";
import { EmptyState } from "../../shared/components/empty-state.js";
import { Failure } from "../../shared/components/failure.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { dateTime, money } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html, useEffect, useSignal } from "../../shared/ui.js";
import { byKey } from "../addresses.js";
import { ORDER } from "../operations.js";
import { useTitle } from "../titles.js";

/** @param {{order: string}} props */
export function Page({ order: key }) {
  const order = useSignal(/** @type {any} */ (undefined));
  const problem = useSignal(/** @type {any} */ (null));

  async function load() {
    problem.value = null;
    try {
      order.value = (await ask(ORDER, byKey(key))).order;
    } catch (failed) {
      problem.value = failed;
    }
  }
  useEffect(() => void load(), []);
  useTitle(order.value?.number);
  if (problem.value) return html`<${Failure} problem=${problem.value} retry=${load} />`;
  if (order.value === undefined) return html`<${Skeleton} />`;
  if (order.value === null) return html`<${EmptyState} title=${t("order.unknown")} text=${t("order.unknownText", { key })}><a class="button" href="/care">${t("page.home")}</a><//>`;
  const it = order.value;
  return html`<div class="stack"><h1>${it.number}</h1>
    <p>${dateTime(it.placedAt)} · ${it.channel.name} · ${money(it.total)} · ${t(`order.state.${it.state}`)}</p>
    <ul role="list" class="lines" aria-label=${t("order.lines")}>${it.lines.map((/** @type {any} */ line) => html`<li key=${line.id}>
      <span>${line.name}<br /><span class="muted">${line.sku}</span></span><span class="number">${line.ordered} × ${money(line.gross)}</span></li>`)}</ul>
  </div>`;
}
