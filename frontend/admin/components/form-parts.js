/** What the forms here have in common: a field with its fault, and what a refusal says at which field. */
import { words } from "../../shared/components/failure.js";
import { html } from "../../shared/ui.js";

/** The field a refusal is about, without the input it lies in. @param {any} problem */
export const faultAt = (problem) => (problem?.path?.length ? String(problem.path.at(-1)) : null);

/**
 * @param {{name: string, label: string, fault?: any, hint?: string, children?: any, [more: string]: any}} props
 */
export function Field({ name, label, fault = null, hint, children, ...more }) {
  const wrong = faultAt(fault) === name;
  const described = [hint && `${name}-hint`, wrong && `${name}-fault`].filter(Boolean).join(" ") || undefined;
  return html`<div class="field"><label for=${name}>${label}</label>
    ${children ?? html`<input id=${name} name=${name} aria-invalid=${wrong} aria-describedby=${described} ...${more} />`}
    ${hint && html`<span id=${`${name}-hint`} class="muted">${hint}</span>`}
    ${wrong && html`<span id=${`${name}-fault`} class="fault">${words(fault)}</span>`}
  </div>`;
}

/** What no field is to blame for stands on top. @param {{problem: any, fields: string[]}} props */
export function Summary({ problem, fields }) {
  if (!problem) return null;
  const at = faultAt(problem);
  return html`<div class="notice bad" role="alert">${at && fields.includes(at) ? html`<a href=${`#${at}`}>${words(problem)}</a>` : words(problem)}</div>`;
}
