/** Two customers who are one person: find the other, decide what differs, see what moves, confirm. */
import { ask, change } from "../../shared/api.js";
import { Dialog } from "../../shared/components/dialog.js";
import { Failure } from "../../shared/components/failure.js";
import { Summary, Submit, useForm } from "../../shared/components/form.js";
import { tell } from "../../shared/components/toast.js";
import { t } from "../../shared/messages.js";
import { html, useSignal } from "../../shared/ui.js";
import { MERGE, MERGE_PREVIEW, PEOPLE } from "../operations/customers.js";

/** @param {{customer: any, leave: () => void, done: () => Promise<void>}} props */
export function Merge({ customer, leave, done }) {
  const preview = useSignal(/** @type {any} */ (null));
  const problem = useSignal(/** @type {any} */ (null));

  /** @param {string} id */
  async function choose(id) {
    problem.value = null;
    try {
      preview.value = (await ask(MERGE_PREVIEW, { keep: customer.id, merge: id })).previewCustomerMerge;
    } catch (failed) {
      problem.value = failed;
    }
  }
  return html`<${Dialog} title=${t("merge.title", { name: customer.name })} leave=${leave}>
    ${problem.value && html`<${Failure} problem=${problem.value} />`}
    ${preview.value ? html`<${Confirm} customer=${customer} preview=${preview.value} done=${done} />` : html`<${Find} customer=${customer} choose=${choose} />`}<//>`;
}

/** @param {{customer: any, choose: (id: string) => void}} props */
function Find({ customer, choose }) {
  const found = useSignal(/** @type {any[] | null} */ (null));
  const form = useForm(async (given) => {
    const { search } = await ask(PEOPLE, { term: given.get("term") });
    found.value = search.hits.filter((/** @type {any} */ hit) => hit.person?.id && hit.person.id !== customer.id);
  });
  return html`<form class="stack" role="search" onSubmit=${form.submit}>
      <p>${t("merge.text")}</p><${Summary} form=${form} />
      <div class="row foot"><label class="searching stack close"><span>${t("merge.other")}</span><input autofocus class="control" type="search" name="term" required defaultValue=${customer.name} /></label>
        <${Submit} form=${form}>${t("search.go")}<//></div>
    </form>
    ${found.value && html`<p role="status" class=${found.value.length ? "unseen" : "muted"}>${found.value.length ? t("search.count", { count: found.value.length }) : t("merge.none")}</p>
    <ul role="list" class="hits">${found.value.map((hit) => html`<li key=${hit.person.id}><button type="button" class="button plain wide" onClick=${() => choose(hit.person.id)}>
      <span><strong>${hit.person.name}</strong> <span class="muted">${[hit.person.email, hit.person.number].filter(Boolean).join(" · ")}</span></span></button></li>`)}</ul>`}`;
}

/** @param {{customer: any, preview: any, done: () => Promise<void>}} props */
function Confirm({ customer, preview, done }) {
  const form = useForm(async (given) => {
    const take = preview.differences.map((/** @type {any} */ each) => each.field).filter((/** @type {string} */ field) => given.get(field) === "other");
    await change(MERGE, { keep: customer.id, merge: preview.other.id, take }, { again: true });
    await done();
    tell(t("merge.done", { number: preview.other.number, name: customer.name }));
  });
  return html`<form class="stack" onSubmit=${form.submit}>
    <${Summary} form=${form} />
    <p>${t("merge.into", { other: `${preview.other.name} (${preview.other.number})`, keep: `${customer.name} (${customer.number})` })}</p>
    ${preview.differences.map((/** @type {any} */ each) => html`<fieldset key=${each.field}><legend>${t(`merge.field.${each.field}`)}</legend>
      <label class="check"><input type="radio" name=${each.field} value="kept" defaultChecked /> ${each.kept}</label>
      <label class="check"><input type="radio" name=${each.field} value="other" /> ${each.other}</label></fieldset>`)}
    ${preview.gained.length > 0 && html`<p>${t("merge.gained")} ${preview.gained.map((/** @type {any} */ each) => `${t(`merge.field.${each.field}`)}: ${each.other}`).join(", ")}</p>`}
    ${preview.moved.length > 0 && html`<p>${t("merge.moved")} ${preview.moved.map((/** @type {any} */ each) => `${thing(each.table)}: ${each.count}`).join(", ")}</p>`}
    <p class="muted">${t("merge.consents")}</p>
    <div class="row"><${Submit} form=${form}>${t("merge.confirm")}<//></div>
  </form>`;
}

const NAMED = ["orders", "customer_reference", "document", "contact"];

/** @param {string} table */
const thing = (table) => t(`merge.moved.${NAMED.includes(table) ? table : "other"}`);
