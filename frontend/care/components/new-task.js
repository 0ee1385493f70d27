/** Something about an order that somebody is to look after, by a day if it has one. */
import { ask, change } from "../../shared/api.js";
import { me } from "../../shared/auth.js";
import { words } from "../../shared/components/failure.js";
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { tell } from "../../shared/components/toast.js";
import { forget, useDraft } from "../../shared/drafts.js";
import { t } from "../../shared/messages.js";
import { html, useEffect, useSignal } from "../../shared/ui.js";
import { FINISH, HANDS, OPEN } from "../operations/cases.js";
import { useKeyOf } from "../previewing.js";

/** @param {{order: any, changed: () => Promise<unknown>, leave: () => void}} props */
export function NewTask({ order, changed, leave }) {
  const key = `task-of-${order.id}`;
  const ref = useDraft(key);
  const hands = useSignal(/** @type {any[]} */ ([]));
  const once = useKeyOf();
  useEffect(() => {
    ask(HANDS, { kind: "MANUAL" }).then(({ caseHands }) => { hands.value = caseHands; }, (failed) => tell(words(failed), { tone: "bad" }));
  }, []);
  const form = useForm(async (given) => {
    const dueAt = String(given.get("dueAt") ?? "");
    const owner = String(given.get("ownerId") ?? "") || null;
    const input = { order: order.id, text: given.get("text"), owner, due: dueAt ? new Date(dueAt).toISOString() : null };
    const { case: made } = await change(OPEN, input, { key: once.of(input) });
    once.done();
    forget(key);
    const undo = async () => {
      await change(FINISH, { id: made.id, note: t("task.undone") }).catch((/** @type {any} */ refused) => tell(words(refused), { tone: "bad" }));
      await changed();
    };
    tell(t("task.made"), { undo: !owner || owner === me.value?.id ? undo : undefined });
    leave();
    await changed();
  });
  const people = hands.value.filter((each) => each.id !== me.value?.id);
  return html`<form ref=${ref} class="stack" onSubmit=${form.submit}>
    <${Summary} form=${form} prefix="task-" fields=${{ text: t("task.text"), dueAt: t("task.due"), ownerId: t("task.owner") }} />
    <div class="field"><label for="task-text">${t("task.text")}</label><textarea id="task-text" name="text" rows="3" required maxlength="2000"></textarea></div>
    <div class="row wrap">
      <${Field} form=${form} name="dueAt" prefix="task-" type="datetime-local" label=${t("task.due")} />
      <${Field} form=${form} name="ownerId" prefix="task-" label=${t("task.owner")}
        options=${[["", t("task.anybody")], [me.value?.id ?? "", t("task.me")], ...people.map((each) => [each.id, each.name])]} /></div>
    <div class="row"><${Submit} form=${form}>${t("task.make")}<//></div>
  </form>`;
}
