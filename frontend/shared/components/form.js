/** Forms: the error stands at its field, and above all of them with links to where they are. */
import { t } from "../messages.js";
import { html, signal, useEffect, useRef } from "../ui.js";
import { unanswered, words } from "./failure.js";

/**
 * What a form knows of itself: whether it is being sent, and what was refused.
 * @typedef {{busy: import("@preact/signals").Signal<boolean>, problem: import("@preact/signals").Signal<any>,
 *   submit: (event: SubmitEvent) => Promise<void>}} FormState
 */

/**
 * A form that is sent by `save`; while it is, a second click does nothing. Refusals stay until the next try.
 * @param {(given: FormData, form: HTMLFormElement) => Promise<unknown>} save
 * @returns {FormState}
 */
export function useForm(save) {
  const state = useRef(/** @type {FormState | null} */ (null));
  const latest = useRef(save);
  latest.current = save;
  state.current ??= begin((given, form) => latest.current(given, form));
  return state.current;
}

/** @param {(given: FormData, form: HTMLFormElement) => Promise<unknown>} save */
function begin(save) {
  const busy = signal(false);
  const problem = signal(/** @type {any} */ (null));
  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    if (busy.value) return;
    const form = /** @type {HTMLFormElement} */ (event.target);
    busy.value = true;
    problem.value = null;
    try {
      await save(new FormData(form), form);
    } catch (refused) {
      problem.value = refused;
    }
    busy.value = false;
  }
  return { busy, problem, submit };
}

/** The field a refusal is about: the last name of its path. @param {any} problem @returns {string | undefined} */
export function fieldOf(problem) {
  const names = (problem?.path ?? []).filter((/** @type {unknown} */ part) => !/^\d+$/.test(String(part)));
  return names.at(-1);
}

/**
 * What was refused, with a link to the field; it takes the focus, so that it is read. `fields` are the labels by name,
 * `prefix` is that of the fields' ids.
 * @param {{form: FormState, fields?: Record<string, string>, prefix?: string}} props
 */
export function Summary({ form, fields = {}, prefix = "" }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const problem = form.problem.value;
  useEffect(() => {
    if (problem) box.current?.focus();
  }, [problem]);
  if (!problem) return null;
  const name = fieldOf(problem);
  return html`<div ref=${box} class="notice bad" role="alert" tabindex="-1">
    <p>${name && name in fields ? html`<a href=${`#${prefix}${name}`} onClick=${toField}>${fields[name]}: ${words(problem)}</a>` : words(problem)}</p>
    ${unanswered(problem) && html`<p>${t("error.maybeChanged")}</p>`}
    ${problem.reference && !problem.path?.length && html`<p class="muted">${t("error.reference", { reference: problem.reference })}</p>`}
  </div>`;
}

/** @param {MouseEvent} event */
function toField(event) {
  event.preventDefault();
  const target = /** @type {HTMLAnchorElement} */ (event.currentTarget).hash.slice(1);
  document.getElementById(target)?.focus();
}

/**
 * A labeled field. Further properties go to the input, or to the `children` given in its place.
 * @param {{form?: FormState, name: string, label: string, hint?: string, prefix?: string, options?: [string, string][],
 *   [property: string]: any}} props
 */
export function Field({ form, name, label, hint, prefix = "", options, defaultValue, ...given }) {
  const id = `${prefix}${name}`;
  const problem = form?.problem.value;
  const wrong = fieldOf(problem) === name;
  const described = [hint && `${id}-hint`, wrong && `${id}-fault`].filter(Boolean).join(" ") || undefined;
  const shared = { id, name, "aria-invalid": wrong ? "true" : undefined, "aria-describedby": described, ...given };
  return html`<div class="field"><label for=${id}>${label}</label>
    ${options ? html`<select ...${shared}>${options.map(([value, text]) => html`<option key=${value} value=${value} defaultSelected=${value === defaultValue}>${text}</option>`)}</select>` : html`<input defaultValue=${defaultValue} ...${shared} />`}
    ${hint && html`<span id=${`${id}-hint`} class="muted">${hint}</span>`}
    ${wrong && html`<span id=${`${id}-fault`} class="fault">${words(problem)}</span>`}
  </div>`;
}

/** The button that sends a form. @param {{form: FormState, children?: any}} props */
export function Submit({ form, children }) {
  return html`<button class="button main" aria-disabled=${form.busy.value}>${children}</button>`;
}
