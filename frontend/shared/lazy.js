/** Parts of a page that are loaded when they are first shown. */
import { Failure } from "./components/failure.js";
import { html, signal, useEffect } from "./ui.js";

/**
 * A component of a module that is fetched when it is needed; meanwhile there is nothing.
 * @param {() => Promise<Record<string, any>>} load
 * @param {string} name
 */
export function lazy(load, name) {
  const found = signal(/** @type {any} */ (null));
  const missing = signal(false);

  async function fetch() {
    missing.value = false;
    try {
      found.value = { Part: (await load())[name] };
    } catch {
      missing.value = true;
    }
  }

  return function Lazy(/** @type {any} */ props) {
    useEffect(() => {
      if (!found.value) fetch();
    }, []);
    if (missing.value) return html`<${Failure} problem=${{ code: "NEW_VERSION", message: "" }} retry=${() => location.reload()} />`;
    return found.value && html`<${found.value.Part} ...${props} />`;
  };
}
