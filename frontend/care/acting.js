/** Doing something from a page of care: one thing at a time; what was refused is told. */
import { unanswered, words } from "../shared/components/failure.js";
import { tell } from "../shared/components/toast.js";
import { t } from "../shared/messages.js";
import { useSignal } from "../shared/ui.js";

/**
 * `act(doing)` does it unless something is being done, tells why not, and looks anew afterwards; true when it was done.
 * @param {() => Promise<unknown> | void} look
 */
export function useActing(look) {
  const busy = useSignal(false);
  /** @param {() => Promise<unknown>} doing */
  async function act(doing) {
    if (busy.value) return false;
    busy.value = true;
    let done = true;
    try {
      await doing();
    } catch (/** @type {any} */ refused) {
      done = false;
      tell(unanswered(refused) ? `${words(refused)} ${t("error.maybeChanged")}` : words(refused), { tone: "bad" });
    }
    busy.value = false;
    await look();
    return done;
  }
  return { busy, act };
}
