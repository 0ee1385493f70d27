/** Block or trust a customer, with a reason and an end; or take them off the lists. */
import { change } from "../../shared/api.js";
import { Dialog } from "../../shared/components/dialog.js";
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { tell } from "../../shared/components/toast.js";
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";
import { LIST } from "../operations/customers.js";

const MEANS = /** @type {Record<string, boolean | null>} */ ({ block: true, trust: false, off: null });

/** @param {{customer: any, listings: any[], leave: () => void, done: () => Promise<void>}} props */
export function Listing({ customer, listings, leave, done }) {
  const form = useForm(async (given) => {
    const how = String(given.get("how"));
    const until = String(given.get("until") ?? "");
    await change(LIST, { id: customer.id, blocked: MEANS[how], reason: given.get("reason"), until: until ? new Date(`${until}T23:59:59`).toISOString() : null }, { again: true });
    const undo = how === "off" ? undefined : async () => {
      await change(LIST, { id: customer.id, blocked: null, reason: t("listing.undone"), until: null }, { again: true });
      await done();
    };
    await done();
    tell(t(`listing.done.${how}`), { undo });
  });
  const ways = listings.length ? ["block", "trust", "off"] : ["block", "trust"];
  return html`<${Dialog} title=${t("listing.title", { name: customer.name })} leave=${leave}>
    <form class="stack" onSubmit=${form.submit}>
      <${Summary} form=${form} fields=${{ reason: t("listing.reason"), until: t("listing.until") }} />
      <${Field} form=${form} name="how" label=${t("listing.how")} options=${ways.map((way) => [way, t(`listing.${way}`)])} />
      <p class="muted">${t("listing.effect")}</p>
      <${Field} form=${form} name="reason" label=${t("listing.reason")} required maxlength="300" />
      <${Field} form=${form} name="until" type="date" label=${t("listing.until")} hint=${t("listing.untilHint")} />
      <div class="row"><${Submit} form=${form}>${t("listing.save")}<//></div>
    </form><//>`;
}
