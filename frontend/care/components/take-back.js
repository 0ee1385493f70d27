/** A parcel that came back is taken in at a place, and what it is worth goes back to the customer. */
import { ask, change } from "../../shared/api.js";
import { Dialog } from "../../shared/components/dialog.js";
import { Failure, unanswered } from "../../shared/components/failure.js";
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { tell } from "../../shared/components/toast.js";
import { t } from "../../shared/messages.js";
import { html, useEffect, useRef, useSignal } from "../../shared/ui.js";
import { PREVIEW_RETURN, RECEIVE_RETURN, RETURN_PLACES, TAKE_BACK } from "../operations/refunds.js";
import { useKey, usePreview } from "../previewing.js";
import { Due, Preview } from "./refund-preview.js";
import { namesOf } from "./return-form.js";

const REASONS = ["OTHER", "LATE", "CHANGED_MIND"];
const CONDITIONS = ["RESTOCK", "QUARANTINE", "SCRAP"];

/** `goods` are the pieces by line, `from` is the place they had left. @param {{order: any, goods: Record<string, number>, from: string | undefined, leave: () => void, changed: () => Promise<unknown>}} props */
export function TakeBack({ order, goods, from, leave, changed }) {
  const places = useSignal(/** @type {any[] | null} */ (null));
  const problem = useSignal(/** @type {any} */ (null));
  const reason = useSignal(REASONS[0]);
  const lines = Object.entries(goods).map(([orderLineId, quantity]) => ({ orderLineId, quantity, reason: reason.value }));
  const wanted = { orderId: order.id, lines };
  const preview = usePreview(wanted, async (given) => (await ask(PREVIEW_RETURN, given)).previewReturn);
  const once = useKey(wanted);
  const begun = useRef(/** @type {any} */ (null)); // the return as it was asked for first: a second one would be refused

  async function load() {
    problem.value = null;
    try {
      places.value = (await ask(RETURN_PLACES)).stockLocations.nodes.filter((/** @type {any} */ each) => each.acceptsReturns && each.active);
    } catch (failed) {
      problem.value = failed;
    }
  }
  useEffect(() => void load(), []);
  /** Once it is made, or nobody knows whether it is, what is chosen differently is for its arrival alone. @param {string} place */
  async function announce(place) {
    begun.current ??= { asked: { ...wanted, place, note: t("takeBack.note") }, key: `${once.key}-${place}` };
    try {
      return (await change(TAKE_BACK, begun.current.asked, { key: begun.current.key })).return;
    } catch (refused) {
      if (!unanswered(/** @type {any} */ (refused))) begun.current = null;
      throw refused;
    }
  }
  const form = useForm(async (given) => {
    const [place, disposition] = [String(given.get("place")), String(given.get("condition"))];
    const made = await announce(place);
    const arrived = made.lines.map((/** @type {any} */ line) => ({ lineId: line.id, quantity: line.quantity }));
    await change(RECEIVE_RETURN, { id: made.id, place, lines: arrived, findings: arrived.map((/** @type {any} */ each) => ({ ...each, disposition })) }, { key: `${begun.current.key}-${place}-${disposition}` });
    tell(t("takeBack.done", { number: made.number }));
    leave();
    await changed();
  });
  const first = places.value?.find((each) => each.id === from)?.id ?? places.value?.[0]?.id;
  return html`<${Dialog} title=${t("takeBack.title")} leave=${leave}>
    ${problem.value && html`<${Failure} problem=${problem.value} retry=${load} />`}
    ${places.value && !places.value.length && html`<p class="notice bad">${t("takeBack.nowhere")}</p>`}
    ${places.value && places.value.length > 0 && html`<form class="stack" onSubmit=${form.submit}>
      <${Summary} form=${form} />
      <${Field} form=${form} name="place" prefix="back-" label=${t("takeBack.place")} options=${places.value.map((each) => [each.id, each.name])} defaultValue=${first} />
      <${Field} form=${form} name="condition" prefix="back-" label=${t("takeBack.condition")} options=${CONDITIONS.map((each) => [each, t(`takeBack.${each}`)])} />
      <${Field} name="reason" prefix="back-" label=${t("refund.reason")} options=${REASONS.map((each) => [each, t(`refund.reason.${each}`)])} defaultValue=${reason.value}
        onChange=${(/** @type {Event} */ event) => { reason.value = /** @type {HTMLSelectElement} */ (event.target).value; }} />
      <${Preview} preview=${preview}>${preview.shown.value && html`<${Due} due=${preview.shown.value} names=${namesOf(order)} text=${t("takeBack.text")} />`}<//>
      <div class="row"><${Submit} form=${form}>${t("takeBack.do")}<//></div></form>`}<//>`;
}
