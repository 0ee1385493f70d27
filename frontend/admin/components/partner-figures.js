/** A partner's figures as the retailer sees them, and its objections to decide. */
import { ask, change } from "../../shared/api.js";
import { Failure, words } from "../../shared/components/failure.js";
import { Figures } from "../../shared/components/figures.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { tell } from "../../shared/components/toast.js";
import { t } from "../../shared/messages.js";
import { place } from "../../shared/router.js";
import { html, useEffect, useRef, useSignal } from "../../shared/ui.js";
import { BEHIND, DECIDE, FIGURES } from "../operations.js";

/** @param {{id: string}} props */
export function PartnerFigures({ id }) {
  const performance = useSignal(/** @type {any} */ (null));
  const orders = useSignal(/** @type {any[] | null} */ (null));
  const problem = useSignal(/** @type {any} */ (null));
  const at = useSignal(12);
  // An answer to an earlier question comes too late.
  const figuresAsked = useRef(0);
  const ordersAsked = useRef(0);
  const measure = place.value.query.get("measure");

  async function load() {
    const turn = ++figuresAsked.current;
    problem.value = null;
    try {
      const { partnerPerformance } = await ask(FIGURES, { id });
      if (turn === figuresAsked.current) performance.value = partnerPerformance;
    } catch (failed) {
      if (turn === figuresAsked.current) problem.value = failed;
    }
  }
  async function behind() {
    const turn = ++ordersAsked.current;
    if (!measure || measure === "STOCK_AGE") return;
    try {
      const { partnerPerformanceOrders } = await ask(BEHIND, { id, measure, week: null });
      if (turn === ordersAsked.current) orders.value = partnerPerformanceOrders;
    } catch (failed) {
      if (turn === ordersAsked.current) problem.value = failed;
    }
  }
  useEffect(() => {
    performance.value = null;
    load();
  }, [id]);
  useEffect(() => {
    orders.value = null;
    behind();
  }, [id, measure]);

  async function decide(/** @type {string} */ objection, /** @type {boolean} */ upheld, /** @type {string} */ answer) {
    try {
      await change(DECIDE, { id: objection, upheld, answer });
      tell(t(upheld ? "objection.upheld" : "objection.denied"));
    } catch (/** @type {any} */ refused) {
      tell(words(refused), { tone: "bad" });
    }
    await Promise.all([load(), behind()]);
  }

  if (problem.value) return html`<${Failure} problem=${problem.value} retry=${() => { load(); behind(); }} />`;
  if (!performance.value) return html`<${Skeleton} rows=${4} />`;
  const extra = { label: t("objection.title"), cell: (/** @type {any} */ row) => (row.objection ? html`<${Objection} objection=${row.objection} number=${row.number} decide=${decide} />` : "–") };
  return html`<${Figures} performance=${performance.value} measure=${measure} at=${at.value} look=${(/** @type {number} */ next) => { at.value = next; }}
    orders=${orders.value} extra=${extra} file=${`/files/partners/${id}/performance.csv`} />`;
}

/** @param {{objection: any, number: string, decide: (id: string, upheld: boolean, answer: string) => void}} props */
function Objection({ objection, number, decide }) {
  function submit(/** @type {SubmitEvent} */ event) {
    event.preventDefault();
    const upheld = /** @type {HTMLButtonElement} */ (event.submitter).value === "yes";
    decide(objection.id, upheld, String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("answer")).trim());
  }
  if (objection.state !== "OPEN") return html`<span>${objection.reason}<br /><span class="muted">${t(`objection.state.${objection.state}`)}: ${objection.answer}</span></span>`;
  return html`<form class="stack" onSubmit=${submit}><span>${objection.reason}</span>
    <input class="control" name="answer" required maxlength="500" aria-label=${`${t("objection.answer")} ${number}`} placeholder=${t("objection.answer")} />
    <span class="row"><button class="button" value="yes">${t("objection.uphold")}</button><button class="button" value="no">${t("objection.deny")}</button></span></form>`;
}
