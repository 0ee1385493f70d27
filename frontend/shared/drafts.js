/** What was typed and not saved yet: kept per record in this tab, through reloads, failures and a session that ran out. */
import { useEffect, useRef } from "preact/hooks";

const PREFIX = "draft:";

/**
 * What is kept of a form; an empty object where nothing is.
 * @param {string} key
 * @returns {Record<string, string | string[]>}
 */
export function draft(key) {
  try {
    return JSON.parse(sessionStorage.getItem(PREFIX + key) ?? "{}");
  } catch {
    return {};
  }
}

/**
 * Keep the fields of a form that differ from what it began with: the others follow what is saved, by whomever. Passwords,
 * codes and files are left out.
 * @param {string} key
 * @param {HTMLFormElement} form
 */
export function keep(key, form) {
  /** @type {Record<string, string | string[]>} */
  const found = {};
  const changed = new Set();
  for (const field of form.elements) {
    if (!(field instanceof HTMLInputElement || field instanceof HTMLSelectElement || field instanceof HTMLTextAreaElement)) continue;
    if (!field.name || ["password", "file", "hidden"].includes(field.type) || field.autocomplete === "one-time-code") continue;
    if (isChanged(field)) changed.add(field.name);
    if (field.type === "checkbox" || field.type === "radio") {
      const chosen = /** @type {string[]} */ (found[field.name] ?? []);
      found[field.name] = /** @type {HTMLInputElement} */ (field).checked ? [...chosen, field.value] : chosen;
    } else found[field.name] = field.value;
  }
  const kept = Object.entries(found).filter(([name]) => changed.has(name));
  if (kept.length) sessionStorage.setItem(PREFIX + key, JSON.stringify(Object.fromEntries(kept)));
  else forget(key);
}

/** Whether a field differs from what it began with. @param {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} field */
function isChanged(field) {
  if (field instanceof HTMLSelectElement) {
    const begun = [...field.options].find((option) => option.defaultSelected) ?? field.options[0];
    return begun !== undefined && field.value !== begun.value;
  }
  if (field instanceof HTMLInputElement && (field.type === "checkbox" || field.type === "radio")) return field.checked !== field.defaultChecked;
  return field.value !== field.defaultValue;
}

/** @param {string} key */
export function forget(key) {
  sessionStorage.removeItem(PREFIX + key);
}

/**
 * Put into a form what is kept of it, once, and keep what is typed from then on. The result goes to the form's `ref`.
 * @param {string} key
 */
export function useDraft(key) {
  const form = useRef(/** @type {HTMLFormElement | null} */ (null));
  useEffect(() => {
    const there = form.current;
    if (!there) return undefined;
    restore(there, draft(key));
    const note = () => keep(key, there);
    there.addEventListener("input", note);
    return () => there.removeEventListener("input", note);
  }, [key]);
  return form;
}

/**
 * @param {HTMLFormElement} form
 * @param {Record<string, string | string[]>} kept
 */
function restore(form, kept) {
  for (const field of form.elements) {
    if (!(field instanceof HTMLInputElement || field instanceof HTMLSelectElement || field instanceof HTMLTextAreaElement)) continue;
    const value = kept[field.name];
    if (Array.isArray(value)) /** @type {HTMLInputElement} */ (field).checked = value.includes(field.value);
    else if (value !== undefined) field.value = value;
  }
}
