/** An offer beside the list: new, or changed. Nothing typed is lost; what somebody else changed meanwhile is shown beside it. */
import { ask, change } from "../../shared/api.js";
import { Failure, words } from "../../shared/components/failure.js";
import { Field, Summary, useForm } from "../../shared/components/form.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { forget, useDraft } from "../../shared/drafts.js";
import { language, t } from "../../shared/messages.js";
import { withQuery } from "../../shared/router.js";
import { useShortcuts } from "../../shared/shortcuts.js";
import { html, useEffect, useRef, useSignal } from "../../shared/ui.js";
import { CURRENCIES, differing, flat, inputOf, merged, minor } from "../offers.js";
import { ONE_OFFER, SAVE_OFFER } from "../operations.js";

const PREFIX = "offer-";

/** @param {{id: string, currency: string, saved: (id: string, sku: string, send: boolean) => Promise<void>}} props */
export function OfferPanel({ id, currency, saved }) {
  const it = useSignal(/** @type {any} */ (id === "new" ? null : undefined));
  const problem = useSignal(/** @type {any} */ (null));
  const load = async () => {
    problem.value = null;
    try {
      it.value = (await ask(ONE_OFFER, { id })).catalogOffer ?? false;
    } catch (failed) {
      problem.value = failed;
    }
  };
  useEffect(() => void (id !== "new" && load()), [id]);
  if (problem.value) return html`<aside class="panel"><${Failure} problem=${problem.value} retry=${load} /></aside>`;
  if (it.value === undefined) return html`<aside class="panel"><${Skeleton} rows=${6} /></aside>`;
  if (it.value === false) return html`<aside class="panel stack"><p>${t("catalogue.gone")}</p><a href=${withQuery({ offer: null })}>${t("action.close")}</a></aside>`;
  return html`<${OfferForm} key=${it.value?.version} offer=${it.value} currency=${currency} saved=${saved} again=${load} />`;
}

/** @param {{offer: any, currency: string, saved: (id: string, sku: string, send: boolean) => Promise<void>, again: () => Promise<void>}} props */
function OfferForm({ offer, currency, saved, again }) {
  const key = `offer:${offer?.id ?? "new"}`;
  const draft = useDraft(key);
  const theirs = useSignal(/** @type {any} */ (null));
  const sends = useRef(false);
  const heading = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => heading.current?.focus(), []);

  const form = useForm(async (data) => {
    const given = /** @type {Record<string, string>} */ (Object.fromEntries([...data].map(([name, value]) => [name, String(value)])));
    if (minor(given.price) === undefined) throw { code: "INVALID_PRICE", message: t("catalogue.noPrice"), path: ["price"] };
    const mine = { sku: offer?.sku ?? "", ...given };
    const all = theirs.value ? merged(mine, shown(offer), shown(theirs.value)) : mine;
    const { rows: [row] } = await change(SAVE_OFFER, { input: inputOf(all, theirs.value ?? offer) });
    if (row.code === "OFFER_CHANGED") {
      theirs.value = (await ask(ONE_OFFER, { id: offer.id })).catalogOffer;
      return;
    }
    if (row.code) throw row;
    forget(key);
    await saved(row.id, row.key, sends.current);
  });
  const submit = (/** @type {boolean} */ send) => () => {
    sends.current = send;
  };
  const main = () => {
    sends.current = true;
    draft.current?.requestSubmit();
  };
  useShortcuts([{ keys: "Ctrl Enter", label: "catalogue.saveAndSend", run: main }]);
  const known = shown(offer);
  if (!offer) known.currency = currency;
  /** @param {string} name @param {Record<string, any>} [more] */
  const field = (name, more = {}) => html`<${Field} form=${form} prefix=${PREFIX} name=${name} label=${t(`offer.${name}`)} defaultValue=${known[name]} ...${more} />`;
  const labels = Object.fromEntries(Object.keys(known).map((name) => [name, t(`offer.${name}`)]));
  return html`<aside class="panel stack" aria-label=${offer?.name ?? t("catalogue.new")}>
    <div class="row"><h2 ref=${heading} tabindex="-1">${offer ? offer.name ?? offer.sku : t("catalogue.new")}</h2>
      ${offer && html`<span class="muted">${t(`catalogue.state.${offer.state}`)}</span>`}
      <a class="button plain push" href=${withQuery({ offer: null })} aria-label=${t("action.close")}>×</a></div>
    ${offer?.reason && html`<p class="notice warn">${t("catalogue.reason", { reason: offer.reason })}</p>`}
    ${offer?.state === "LIVE" && html`<p class="muted">${t("catalogue.liveHint")}</p>`}
    <form ref=${draft} class="stack" onSubmit=${form.submit}>
      <${Summary} form=${form} fields=${labels} prefix=${PREFIX} />
      ${theirs.value && html`<${Both} mine=${new FormData(/** @type {HTMLFormElement} */ (draft.current))} base=${shown(offer)} theirs=${theirs.value} take=${async () => { forget(key); await again(); }} />`}
      ${offer ? html`<p class="muted">${t("offer.sku")}: <strong>${offer.sku}</strong></p>` : field("sku", { required: true, maxlength: 80 })}
      ${field("name", { maxlength: 300 })}
      <div class="row">${field("price", { inputmode: "decimal" })}${field("currency", { options: currencies(known.currency).map((code) => [code, code]) })}</div>
      <div class="row top">${field("groupCode", { maxlength: 80, hint: t("offer.groupHint") })}${field("gtin", { inputmode: "numeric", maxlength: 20 })}</div>
      <div class="row">${field("color", { maxlength: 60 })}${field("size", { maxlength: 60 })}${field("weightG", { type: "number", min: 0, max: 2_000_000_000 })}</div>
      <div class="row">${field("brand", { maxlength: 120 })}${field("category", { maxlength: 120 })}</div>
      <div class="row top">${field("validFrom", { type: "date" })}${field("validUntil", { type: "date", hint: t("offer.untilHint") })}</div>
      <${Long} form=${form} name="images" value=${known.images} rows=${3} hint=${t("offer.imagesHint")} />
      <${Images} images=${offer?.images ?? []} />
      <details><summary>${t("offer.texts")}</summary><div class="stack">
        ${field("nameDe", { maxlength: 300 })}<${Long} form=${form} name="descriptionDe" value=${known.descriptionDe} rows=${4} />
        ${field("nameEn", { maxlength: 300 })}<${Long} form=${form} name="descriptionEn" value=${known.descriptionEn} rows=${4} /></div></details>
      <div class="row"><button class="button main" aria-disabled=${form.busy.value} aria-keyshortcuts="Control+Enter" onClick=${submit(true)}>${t("catalogue.saveAndSend")}</button>
        <button class="button" aria-disabled=${form.busy.value} onClick=${submit(false)}>${t("catalogue.save")}</button></div>
    </form>
  </aside>`;
}

/** As people of this language write it. @param {any} offer */
const shown = (offer) => flat(offer, language.value === "de" ? "," : ".");

/** @param {string} own */
const currencies = (own) => (own && !CURRENCIES.includes(own) ? [own, ...CURRENCIES] : CURRENCIES);

/** @param {{form: import("../../shared/components/form.js").FormState, name: string, value: string, rows: number, hint?: string}} props */
function Long({ form, name, value, rows, hint }) {
  const id = `${PREFIX}${name}`;
  const problem = form.problem.value;
  const wrong = problem?.path?.includes(name);
  const described = [hint && `${id}-hint`, wrong && `${id}-fault`].filter(Boolean).join(" ") || undefined;
  return html`<div class="field"><label for=${id}>${t(`offer.${name}`)}</label>
    <textarea id=${id} name=${name} rows=${rows} defaultValue=${value} aria-invalid=${wrong ? "true" : undefined} aria-describedby=${described} />
    ${hint && html`<span id=${`${id}-hint`} class="muted">${hint}</span>`}
    ${wrong && html`<span id=${`${id}-fault`} class="fault">${words(problem)}</span>`}</div>`;
}

/** The addresses as links: pictures of strangers are not loaded into our pages. @param {{images: any[]}} props */
function Images({ images }) {
  return images.length > 0 && html`<ul role="list" class="stack">${images.map((each, at) => html`<li key=${each.url}><a class="long" href=${each.url} target="_blank" rel="noreferrer">${each.alt ?? t("offer.image", { number: at + 1 })}</a></li>`)}</ul>`;
}

/** What somebody else changed, beside what is typed. @param {{mine: FormData, base: Record<string, string>, theirs: any, take: () => void}} props */
function Both({ mine, base, theirs, take }) {
  const other = shown(theirs);
  const typed = { ...base, ...Object.fromEntries([...mine].map(([name, value]) => [name, String(value)])) };
  return html`<div class="notice warn stack" role="alert"><p>${t("catalogue.changed")}</p>
    <div class="table"><table><thead><tr><th scope="col">${t("catalogue.field")}</th><th scope="col">${t("catalogue.theirs")}</th><th scope="col">${t("catalogue.mine")}</th></tr></thead>
      <tbody>${differing(base, other).map((name) => html`<tr key=${name}><th scope="row">${t(`offer.${name}`)}</th><td class="long">${other[name] || "–"}</td><td class="long">${typed[name] || "–"}</td></tr>`)}</tbody></table></div>
    <p><button type="button" class="button" onClick=${take}>${t("catalogue.takeTheirs")}</button></p></div>`;
}
