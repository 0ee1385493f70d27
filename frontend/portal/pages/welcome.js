/** From the invitation to work: address and hours, stock, and an order to practice with. Each step can wait. */
import { ask, change } from "../../shared/api.js";
import { may } from "../../shared/auth.js";
import { Failure } from "../../shared/components/failure.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { lazy } from "../../shared/lazy.js";
import { t } from "../../shared/messages.js";
import { go, place as here, withQuery } from "../../shared/router.js";
import { effect, html, signal, useEffect, useRef } from "../../shared/ui.js";
import { PlaceForm } from "../components/place-form.js";
import { Steps } from "../components/steps.js";
import { OWN_COMPANY, SAVE_COMPANY, SAVE_PLACE } from "../operations.js";

const Practice = lazy(() => import("../components/practice.js"), "Practice");
const StockStep = lazy(() => import("../components/stock-step.js"), "StockStep");

const company = signal(/** @type {any} */ (null));
const problem = signal(/** @type {any} */ (null));
const ORDER = ["place", "stock", "practice"];

async function load() {
  problem.value = null;
  try {
    company.value = (await ask(OWN_COMPANY)).partnership;
  } catch (failed) {
    problem.value = failed;
  }
}

/** What is done, by what is there. @param {any} found */
function done(found) {
  const place = found.places.some((/** @type {any} */ each) => each.street && each.city);
  return ["key", place && "place", found.hasStock && "stock", found.hasPracticed && "practice"].filter(Boolean);
}

/** The step of the address, else the first that is not done. */
function step() {
  const asked = here.value.query.get("step");
  if (asked && ORDER.includes(asked)) return asked;
  const ready = done(company.value);
  return ORDER.find((each) => !ready.includes(each) && (each !== "place" || may("partnership:write"))) ?? "practice";
}

/** @param {string} wanted */
const open = (wanted) => go(withQuery({ step: wanted }));
/** @param {string} from the step that is left: what was just done may have made the next one the present */
const onward = (from) => open(ORDER[ORDER.indexOf(from) + 1]);

export function Page() {
  useEffect(() => {
    load();
    return () => { company.value = null; };
  }, []);
  const title = useRef(/** @type {HTMLElement | null} */ (null));
  const shown = useRef("");
  useEffect(() => effect(() => {
    if (!company.value) return;
    const now = step();
    if (shown.current && shown.current !== now) requestAnimationFrame(() => title.current?.focus());
    shown.current = now;
  }), []);
  if (problem.value) return html`<${Failure} problem=${problem.value} retry=${load} />`;
  if (!company.value) return html`<${Skeleton} />`;
  const now = step();
  return html`<div class="stack narrow" onKeyDown=${next}>
    <${Steps} current=${now} done=${done(company.value)} open=${open} />
    <h1 ref=${title} tabindex="-1">${t(`welcome.${now}`)}</h1>
    <p>${t(`welcome.${now}What`)}</p>
    ${now === "place" && placeStep()}
    ${now === "stock" && html`<${StockStep} company=${company.value} changed=${load} next=${() => onward(now)} />`}
    ${now === "practice" && html`<${Practice} company=${company} />`}
    ${now !== "practice" && html`<p><button type="button" class="button plain" onClick=${() => onward(now)}>${t("welcome.later")}</button></p>`}
  </div>`;
}

/** Ctrl Enter sends the step's form. @param {KeyboardEvent} event */
function next(event) {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  const form = /** @type {HTMLElement} */ (event.currentTarget).querySelector("form");
  /** @type {HTMLElement | null | undefined} */ (form?.querySelector("button.main"))?.click();
}

function placeStep() {
  const found = company.value;
  const [place] = found.places;
  async function save(/** @type {Record<string, any>} */ input, /** @type {FormData} */ given) {
    const carriers = String(given.get("carriers")).split(",").map((each) => each.trim()).filter(Boolean);
    await change(SAVE_COMPANY, { input: { carriers } }, { again: true });
    company.value = (await change(SAVE_PLACE, { input, id: place?.id ?? null })).partnership;
    onward("place");
  }
  return html`<${PlaceForm} id="welcome" place=${place} guess=${{ country: found.country }} label=${t("welcome.next")} save=${save}>
    <div class="field"><label for="carriers">${t("company.carriers")}</label>
      <input id="carriers" name="carriers" maxlength="400" defaultValue=${found.carriers.join(", ") || "DHL"} aria-describedby="carriers-hint" />
      <span id="carriers-hint" class="muted">${t("company.carriersHint")}</span></div>
  <//>`;
}
