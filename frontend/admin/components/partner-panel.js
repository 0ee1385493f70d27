/** One partner beside the list: switched on and off, agreed with, measured, and what it still has in hand. */
import { ask, change } from "../../shared/api.js";
import { Failure, words } from "../../shared/components/failure.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { tell } from "../../shared/components/toast.js";
import { country, dateTime } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { place, withQuery } from "../../shared/router.js";
import { html, useEffect, useRef, useSignal } from "../../shared/ui.js";
import { ACTIVATE, END, INVITE_PERSON, ONE_PARTNER, SUSPEND } from "../operations.js";
import { Agreements } from "./agreements.js";
import { OpenWork } from "./open-work.js";
import { PartnerFigures } from "./partner-figures.js";
import { PartnerState } from "./partner-state.js";
import { StopDialog } from "./stop-dialog.js";

const TABS = ["about", "agreements", "figures", "work"];

/** @param {{id: string, changed: () => void}} props */
export function PartnerPanel({ id, changed }) {
  const partner = useSignal(/** @type {any} */ (undefined));
  const problem = useSignal(/** @type {any} */ (null));
  const stopping = useSignal(/** @type {"suspend" | "end" | null} */ (null));
  const busy = useSignal(false);
  const heading = useRef(/** @type {HTMLElement | null} */ (null));
  const wanted = place.value.query.get("tab") ?? "about";
  const tab = TABS.includes(wanted) ? wanted : "about";

  async function load() {
    problem.value = null;
    try {
      partner.value = (await ask(ONE_PARTNER, { id })).partner;
    } catch (failed) {
      problem.value = failed;
    }
  }
  useEffect(() => void load(), [id]);
  useEffect(() => heading.current?.focus(), [partner.value?.id]);

  /** One step; what came of it is told, and everything is read again. @param {() => Promise<void>} doing */
  async function act(doing) {
    if (busy.value) return false;
    busy.value = true;
    let done = true;
    try {
      await doing();
    } catch (/** @type {any} */ refused) {
      done = false;
      tell(words(refused), { tone: "bad" });
    }
    busy.value = false;
    await load();
    changed();
    return done;
  }
  const activate = () => act(async () => {
    await change(ACTIVATE, { id });
    tell(t("partner.activated", { name: partner.value.name }));
  });
  const stop = (/** @type {string} */ reason) => act(async () => {
    const ends = stopping.value === "end";
    await change(ends ? END : SUSPEND, { id, reason });
    stopping.value = null;
    tell(t(ends ? "partner.ended" : "partner.suspended", { name: partner.value.name }), ends ? {} : { undo: activate });
  });
  const again = () => act(async () => {
    await change(INVITE_PERSON, { id, person: { name: partner.value.name, email: partner.value.email } });
    tell(t("invite.sent", { name: partner.value.name, email: partner.value.email }));
  });

  if (problem.value) return html`<aside class="panel"><${Failure} problem=${problem.value} retry=${load} /></aside>`;
  if (partner.value === undefined) return html`<aside class="panel"><${Skeleton} rows=${4} /></aside>`;
  if (partner.value === null) return html`<aside class="panel stack"><p>${t("partner.gone")}</p><a class="button" href=${withQuery({ partner: null })}>${t("action.close")}</a></aside>`;
  const it = partner.value;
  return html`<aside class="panel stack" aria-label=${it.name}>
    <div class="row"><h2 ref=${heading} tabindex="-1">${it.name}</h2><${PartnerState} state=${it.state} />
      <a class="button plain push" href=${withQuery({ partner: null, tab: null, measure: null, week: null })} aria-label=${t("action.close")}>×</a></div>
    <div class="row">
      ${["INVITED", "ONBOARDING", "SUSPENDED"].includes(it.state) && html`<button type="button" class="button main" aria-disabled=${busy.value} onClick=${activate}>${t("partner.activate")}</button>`}
      ${it.state === "ACTIVE" && html`<button type="button" class="button" onClick=${() => { stopping.value = "suspend"; }}>${t("partner.suspend")}</button>`}
      ${it.state !== "ENDED" && html`<button type="button" class="button" onClick=${() => { stopping.value = "end"; }}>${t("partner.end")}</button>`}
      ${["INVITED", "ONBOARDING"].includes(it.state) && it.email && html`<button type="button" class="button" aria-disabled=${busy.value} onClick=${again}>${t("partner.inviteAgain")}</button>`}
    </div>
    <nav class="tabs" aria-label=${t("partner.views")}>${TABS.map((each) => html`<a key=${each} href=${withQuery({ tab: each, measure: null, week: null })} aria-current=${each === tab ? "page" : undefined}>${t(`partner.tab.${each}`)}</a>`)}</nav>
    ${tab === "about" && about(it)}
    ${tab === "agreements" && html`<${Agreements} partner=${it} changed=${() => { load(); changed(); }} />`}
    ${tab === "figures" && html`<${PartnerFigures} id=${id} />`}
    ${tab === "work" && html`<${OpenWork} partner=${it} changed=${() => { load(); changed(); }} />`}
    ${stopping.value && html`<${StopDialog} partner=${it} how=${stopping.value} busy=${busy.value} stop=${stop} leave=${() => { stopping.value = null; }} />`}
  </aside>`;
}

/** @param {any} it */
function about(it) {
  const { orders, articles, reservations } = it.openWork;
  return html`<dl class="facts">
    <dt>${t("partner.code")}</dt><dd>${it.code}</dd>
    <dt>${t("invite.email")}</dt><dd>${it.email ?? "–"}</dd>
    <dt>${t("invite.country")}</dt><dd>${country(it.country)}</dd>
    <dt>${t("partners.since")}</dt><dd>${dateTime(it.createdAt)}</dd>
    <dt>${t("partners.orders")}</dt><dd><a href=${withQuery({ tab: "work" })}>${orders}</a></dd>
    <dt>${t("partners.articles")}</dt><dd>${articles} · <a href=${`/admin/catalogue?partner=${it.id}`}>${t("partner.catalogue")}</a></dd>
    <dt>${t("partner.reservations")}</dt><dd><a href=${withQuery({ tab: "work" })}>${reservations}</a></dd>
  </dl>`;
}
