/** What failed, whether anything was changed, and the way on. */
import { t } from "../messages.js";
import { html } from "../ui.js";

const OWN_WORDS = ["SERVER_AWAY", "OFFLINE"];

/** What a refusal says to people. @param {{code: string, message: string}} problem */
export function words(problem) {
  return unanswered(problem) || !problem.message ? t(`error.${problem.code}`) : problem.message;
}

/** Whether nobody knows what became of it. @param {{code: string}} problem */
export function unanswered(problem) {
  return OWN_WORDS.includes(problem.code);
}

/**
 * @param {{problem: import("../api.js").Refused, retry?: () => void, changed?: boolean}} props
 */
export function Failure({ problem, retry, changed = false }) {
  return html`<div class="notice bad" role="alert">
    <p>${words(problem)}</p>
    <p>${t(changed ? "error.maybeChanged" : "error.nothingChanged")}</p>
    ${problem.reference && html`<p class="muted">${t("error.reference", { reference: problem.reference })}</p>`}
    ${retry && html`<p><button type="button" class="button" onClick=${retry}>${t("action.retry")}</button></p>`}
  </div>`;
}
