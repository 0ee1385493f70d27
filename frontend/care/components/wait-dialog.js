/** Waiting for goods until a day: the customer is told of it by a message that is read first, or is not. */
import { ask, change } from "../../shared/api.js";
import { may } from "../../shared/auth.js";
import { Dialog } from "../../shared/components/dialog.js";
import { words } from "../../shared/components/failure.js";
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { date } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html, useEffect, useRef, useSignal } from "../../shared/ui.js";
import { FILLED, WRITE } from "../operations/contacts.js";
import { useKeyOf } from "../previewing.js";

/** @param {{order: any, day: string, wait: (day: string) => Promise<unknown>, leave: () => void}} props */
export function WaitDialog({ order, day, wait, leave }) {
  const tells = useSignal(Boolean(order.email && may("notifications:read")));
  const letter = useSignal(/** @type {any} */ (null));
  const problem = useSignal(/** @type {any} */ (null));
  const once = useKeyOf();
  const self = useRef(/** @type {HTMLFormElement | null} */ (null));
  useEffect(() => {
    if (tells.value) ask(FILLED, { order: order.id, template: "delayed", on: day }).then(({ previewMessage }) => { letter.value = previewMessage; }, (failed) => { problem.value = failed; });
  }, []);
  const form = useForm(async (given) => {
    const mail = { order: order.id, topic: String(given.get("topic")), text: String(given.get("text")), followUpOn: null };
    if (tells.value && letter.value) await change(WRITE, mail, { key: once.of([day, mail]) });
    leave();
    await wait(day);
  });
  return html`<${Dialog} title=${t("offers.wait", { day: date(day) })} leave=${leave} send=${() => self.current?.requestSubmit()}><form ref=${self} class="stack" onSubmit=${form.submit}>
    <${Summary} form=${form} fields=${{ topic: t("contacts.topic"), text: t("contacts.text") }} prefix="wait-" />
    ${problem.value && html`<p class="notice bad">${words(problem.value)}</p>`}
    ${!order.email && html`<p class="muted">${t("contacts.noAddress")}</p>`}
    ${order.email && may("notifications:read") && html`<label class="check"><input type="checkbox" checked=${tells.value} onChange=${() => { tells.value = !tells.value; }} /> ${t("offers.tell", { to: order.email })}</label>`}
    ${tells.value && letter.value && html`<${Field} form=${form} name="topic" prefix="wait-" label=${t("contacts.topic")} required maxlength="200" defaultValue=${letter.value.subject} />
      <div class="field"><label for="wait-text">${t("contacts.text")}</label><textarea id="wait-text" name="text" rows="10" maxlength="20000" required defaultValue=${letter.value.body}></textarea></div>`}
    <div class="row"><${Submit} form=${form}>${t(tells.value ? "offers.tellAndWait" : "offers.justWait")} <kbd>${t("shell.ctrl")} ⏎</kbd><//></div></form><//>`;
}
