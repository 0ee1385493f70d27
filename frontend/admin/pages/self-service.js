/** What customers of a shop may do alone: by channel, as it counts now, as it is to come, and as it was. */
import { ask } from "../../shared/api.js";
import { DataTable } from "../../shared/components/data-table.js";
import { EmptyState } from "../../shared/components/empty-state.js";
import { Failure } from "../../shared/components/failure.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { dateTime } from "../../shared/format.js";
import { lazy } from "../../shared/lazy.js";
import { t } from "../../shared/messages.js";
import { go, place, withQuery } from "../../shared/router.js";
import { html, useEffect, useSignal } from "../../shared/ui.js";
import { nameOf, planned } from "../message-words.js";
import { SELF_SERVICE } from "../operations.js";

const SelfServiceEditor = lazy(() => import("../components/self-service-editor.js"), "SelfServiceEditor");

export function Page() {
  const channels = useSignal(/** @type {any[] | null} */ (null));
  const problem = useSignal(/** @type {any} */ (null));

  async function load() {
    try {
      channels.value = (await ask(SELF_SERVICE)).selfServiceChannels.map((/** @type {any} */ each) => ({ ...each, id: each.channelId }));
      problem.value = null;
    } catch (failed) {
      problem.value = failed;
    }
  }
  useEffect(() => void load(), []);
  const open = channels.value?.find((each) => each.id === place.value.query.get("channel"));
  return html`<div class="stack">
    <h1>${t("selfService.title")}</h1>
    <p class="muted">${t("selfService.about")}</p>
    ${problem.value && html`<${Failure} problem=${problem.value} retry=${load} />`}
    ${!channels.value && !problem.value && html`<${Skeleton} />`}
    ${channels.value?.length === 0 && html`<${EmptyState} title=${t("selfService.none")} text=${t("selfService.noneText")} />`}
    ${channels.value && channels.value.length > 0 && html`<div class=${`split ${open ? "open" : ""}`} onKeyDown=${leave}>
      <div><${DataTable} label=${t("selfService.title")} columns=${columns()} rows=${channels.value} current=${open?.id ?? null} open=${(/** @type {any} */ row) => go(withQuery({ channel: row.id }), { replace: Boolean(open) })} /></div>
      ${open && html`<${SelfServiceEditor} key=${open.id} channel=${open} load=${load} />`}
    </div>`}
  </div>`;
}

/** Escape closes the panel, but never what is being typed. @param {KeyboardEvent} event */
function leave(event) {
  if (event.key === "Escape" && place.value.query.get("channel") && !(event.target instanceof Element && event.target.closest("form"))) go(withQuery({ channel: null }));
}

function columns() {
  return [
    { key: "name", label: t("selfService.channel"), head: true, cell: (/** @type {any} */ row) => html`<a href=${withQuery({ channel: row.id })}>${row.name}</a>` },
    { key: "cancel", label: t("selfService.cancel"), cell: (/** @type {any} */ row) => t(`selfService.until.${(row.inForce ?? row.shipped).cancel}`) },
    { key: "returns", label: t("selfService.returns"), cell: (/** @type {any} */ row) => back(row) },
    { key: "set", label: t("selfService.set"), cell: (/** @type {any} */ row) => state(row) },
  ];
}

/** How long goods can be sent back: the channel's own time always counts. @param {any} row */
function back(row) {
  const rules = row.inForce ?? row.shipped;
  return rules.returns ? t("selfService.days", { count: Math.min(rules.returnDays ?? row.returnDays, row.returnDays) }) : t("selfService.no");
}

/** Whether the channel has rules of its own, and what is to come. @param {any} row */
function state(row) {
  const next = planned(row.versions, Date.now()).at(-1);
  return html`${row.inForce ? t("selfService.since", { moment: dateTime(row.inForce.validFrom), name: nameOf(row.inForce.createdBy) }) : html`<span class="muted">${t("selfService.shipped")}</span>`}
    ${next && html`<br /><span class="muted">${t("selfService.planned", { moment: dateTime(next.validFrom) })}</span>`}`;
}
