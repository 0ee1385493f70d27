/** Something a part of the settings shows and changes: read when the part opens, said when that fails. */
import { ask } from "../../shared/api.js";
import { Failure } from "../../shared/components/failure.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { html, useEffect, useSignal } from "../../shared/ui.js";

/**
 * @param {string} document
 * @param {string} name of the field
 */
export function useReading(document, name) {
  const found = useSignal(/** @type {any} */ (null));
  const problem = useSignal(/** @type {any} */ (null));
  async function load() {
    problem.value = null;
    try {
      found.value = (await ask(document))[name];
    } catch (failed) {
      problem.value = failed;
    }
  }
  useEffect(() => void load(), []);
  const instead = problem.value ? html`<${Failure} problem=${problem.value} retry=${load} />` : found.value ? null : html`<${Skeleton} />`;
  return { found, load, instead };
}
