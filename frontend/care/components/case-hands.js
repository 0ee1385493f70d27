/** Give a case to somebody else: one's own, or, for who leads, that of somebody who is away. */
import { ask, change } from "../../shared/api.js";
import { may, me } from "../../shared/auth.js";
import { words } from "../../shared/components/failure.js";
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { tell } from "../../shared/components/toast.js";
import { t } from "../../shared/messages.js";
import { html, useSignal } from "../../shared/ui.js";
import { ASSIGN, HANDS } from "../operations/cases.js";

/** @param {any} it @returns {boolean} whether the caller may give the case on */
export const mayHandOver = (it) => may("care:assign") || (it.ownerId ? it.ownerId === me.value?.id : it.decidable);

/** `changed` looks anew: also after a refusal, as somebody else has moved the case. @param {{it: any, changed: () => Promise<void>}} props */
export function CaseHands({ it, changed }) {
  const hands = useSignal(/** @type {any[] | null} */ (null));
  const problem = useSignal(/** @type {any} */ (null));
  const open = useSignal(false);
  const mine = it.ownerId === me.value?.id;

  async function move(/** @type {string | null} */ ownerId, /** @type {string} */ said) {
    const before = it.ownerId;
    const { case: moved } = await change(ASSIGN, { id: it.id, owner: ownerId, from: before });
    open.value = false;
    const back = async () => {
      try {
        await change(ASSIGN, { id: it.id, owner: before, from: moved.ownerId });
      } catch (/** @type {any} */ refused) {
        tell(words(refused), { tone: "bad" });
      }
      await changed();
    };
    // What is with somebody else only who leads takes back; the undo of anybody else would be refused.
    tell(said, { undo: may("care:assign") || !moved.ownerId ? back : undefined });
    await changed();
  }
  const form = useForm(async (given) => {
    const owner = String(given.get("owner"));
    const name = hands.value?.find((each) => each.id === owner)?.name ?? "";
    try {
      await move(owner, t("hands.done", { name }));
    } catch (/** @type {any} */ refused) {
      await changed();
      throw refused;
    }
  });
  async function toggled(/** @type {Event} */ event) {
    open.value = /** @type {HTMLDetailsElement} */ (event.currentTarget).open;
    if (!open.value) return;
    try {
      hands.value = (await ask(HANDS, { kind: it.kind })).caseHands;
      problem.value = null;
    } catch (failed) {
      problem.value = failed;
    }
  }
  const putBack = () => move(null, t("hands.back")).catch(async (/** @type {any} */ refused) => {
    tell(words(refused), { tone: "bad" });
    await changed();
  });
  const others = hands.value?.filter((each) => each.id !== it.ownerId);
  return html`<details class="part" open=${open.value} onToggle=${toggled}><summary>${t("hands.title")}</summary><div class="stack">
    ${problem.value && html`<p class="notice bad">${words(problem.value)}</p>`}
    ${others?.length === 0 && html`<p>${t("hands.none")}</p>`}
    ${others && others.length > 0 && html`<form class="stack" onSubmit=${form.submit}>
      <${Summary} form=${form} prefix="hand-" fields=${{ ownerId: t("hands.who") }} />
      <${Field} form=${form} name="owner" prefix="hand-" label=${t("hands.who")} options=${others.map((each) => [each.id, t("hands.one", { name: each.name, count: each.cases })])} />
      <div class="row"><${Submit} form=${form}>${t("hands.do")}<//></div></form>`}
    ${it.ownerId && !mine && html`<p><button type="button" class="button" onClick=${putBack}>${t("hands.putBack")}</button></p>`}
  </div></details>`;
}
