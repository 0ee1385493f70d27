/** An invoice of which something is open: since when, which reminder comes next, and what can be agreed. */
import { change } from "../../shared/api.js";
import { may } from "../../shared/auth.js";
import { StatusPill } from "../../shared/components/status-pill.js";
import { tell } from "../../shared/components/toast.js";
import { actor, date, money } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { useShortcuts } from "../../shared/shortcuts.js";
import { html, useRef, useSignal } from "../../shared/ui.js";
import { useActing } from "../acting.js";
import { AGREE } from "../operations/owed.js";
import { Instalments, Pause, WriteOff } from "./owed-forms.js";

/** @param {{invoice: any, changed: () => Promise<void>}} props */
export function OwedInvoice({ invoice, changed }) {
  const doing = useSignal(/** @type {"pause" | "parts" | "off" | null} */ (null));
  const { act, busy } = useActing(changed);
  const leave = () => { doing.value = null; };
  const pause = useRef(() => { doing.value = "pause"; });
  const copy = useRef(() => {});
  copy.current = async () => {
    if (!invoice.payUrl) return tell(t("trouble.noLink"), { tone: "bad" });
    await navigator.clipboard.writeText(invoice.payUrl);
    tell(t("trouble.copied"));
  };
  const link = useRef(() => copy.current());
  useShortcuts([{ keys: "p", label: "trouble.pause", run: pause.current, anywhere: true }, { keys: "l", label: "trouble.link", run: link.current, anywhere: true }]);
  const goOn = () => act(async () => {
    await change(AGREE, { id: invoice.id, until: null, instalments: null, reason: "" });
    tell(t("trouble.goesOn"));
  });
  const { plan } = invoice;
  return html`<section class="panel stack" aria-label=${invoice.number}>
    <div class="row"><h2>${invoice.number}</h2><${StatusPill} tone=${invoice.daysOverdue ? "bad" : "warn"}>${t("trouble.open", { amount: money(invoice.open) })}<//></div>
    <dl class="facts"><dt>${t("trouble.of")}</dt><dd>${money(invoice.gross)}</dd>
      <dt>${t("trouble.due")}</dt><dd class=${invoice.daysOverdue ? "late" : undefined}>${date(invoice.dueOn)}${invoice.daysOverdue > 0 && ` · ${t("trouble.since", { count: invoice.daysOverdue })}`}</dd>
      <dt>${t("trouble.reminders")}</dt><dd>${reminders(invoice)}</dd>
      ${plan?.pausedUntil && html`<dt>${t("trouble.paused")}</dt><dd>${t("trouble.until", { day: date(plan.pausedUntil), by: actor(plan.agreedBy) })} ${plan.reason}</dd>`}
      ${plan?.instalments.length > 0 && html`<dt>${t("trouble.parts")}</dt><dd><ul role="list">${invoice.parts.map((/** @type {any} */ part) => html`<li key=${part.instalment}>${date(part.dueOn)}: ${money(part.open)}</li>`)}</ul></dd>`}
      <dt>${t("trouble.link")}</dt><dd>${invoice.payUrl ? html`<a href=${invoice.payUrl} target="_blank" rel="noreferrer">${invoice.payUrl}</a>` : html`<span class="muted">${t("trouble.noLink")}</span>`}</dd></dl>
    <div class="row"><button type="button" class="button" onClick=${pause.current}>${t("trouble.pause")} <kbd>p</kbd></button>
      <button type="button" class="button" onClick=${() => { doing.value = "parts"; }}>${t("trouble.instalments")}</button>
      ${invoice.payUrl && html`<button type="button" class="button" onClick=${copy.current}>${t("trouble.copy")} <kbd>l</kbd></button>`}
      ${plan && (plan.pausedUntil || plan.instalments.length > 0) && html`<button type="button" class="button" aria-disabled=${busy.value} onClick=${goOn}>${t("trouble.remindAgain")}</button>`}
      ${may("refunds:approve") && html`<button type="button" class="button plain push" onClick=${() => { doing.value = "off"; }}>${t("trouble.writeOff")}</button>`}</div>
    ${doing.value === "pause" && html`<${Pause} invoice=${invoice} leave=${leave} changed=${changed} />`}
    ${doing.value === "parts" && html`<${Instalments} invoice=${invoice} leave=${leave} changed=${changed} />`}
    ${doing.value === "off" && html`<${WriteOff} invoice=${invoice} leave=${leave} changed=${changed} />`}
  </section>`;
}

/** @param {any} invoice */
function reminders({ level, nextLevel, nextOn }) {
  const last = level ? t("trouble.level", { level }) : t("trouble.noneYet");
  return nextLevel ? `${last} → ${t("trouble.next", { level: nextLevel, day: date(nextOn) })}` : `${last} · ${t("trouble.noMore")}`;
}
