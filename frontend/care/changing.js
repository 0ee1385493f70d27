/** A change of an order: what it would do is looked at first, then it is done, once however often it is sent. */
import { ask } from "../shared/api.js";
import { words } from "../shared/components/failure.js";
import { tell } from "../shared/components/toast.js";
import { t } from "../shared/messages.js";
import { useEffect, useRef, useSignal } from "../shared/ui.js";
import { useActing } from "./acting.js";
import { differences } from "./change-wish.js";
import { CONFIRM_CHANGE, PREVIEW_CHANGE } from "./operations/change.js";
import { useKey } from "./previewing.js";

const SETTLES = 200; // milliseconds until what is typed is asked for

/**
 * `input` is null while nothing is wished; `reason` is kept with the change, `note` told to the customer. `done` hears that it was made, `look` looks
 * anew after each try.
 * @param {{id: string | undefined, input: any, reason: string, note?: {noteToCustomer?: string}, done: (change: any) => void, look: () => Promise<unknown> | void}} wanted
 */
export function useOrderChange({ id, input, reason, note = {}, done, look: lookAnew }) {
  const preview = useSignal(/** @type {any} */ (null));
  const refused = useSignal(/** @type {any} */ (null));
  const moved = useSignal(/** @type {any[] | null} */ (null));
  const asking = useRef(/** @type {AbortController | null} */ (null));
  const { busy, act } = useActing(lookAnew);
  const question = JSON.stringify([input, note]);
  const once = useKey([id, input, reason, note, preview.value?.token]);

  async function look() {
    asking.current?.abort();
    if (!input || !id) return void ((preview.value = null), (refused.value = null));
    const mine = new AbortController();
    asking.current = mine;
    try {
      const answer = await ask(PREVIEW_CHANGE, { id, input, ...note }, { signal: mine.signal });
      if (asking.current !== mine) return undefined;
      preview.value = { ...answer.previewOrderChange, question };
      refused.value = null;
    } catch (/** @type {any} */ failed) {
      if (mine.signal.aborted) return undefined;
      preview.value = null;
      refused.value = failed;
    }
    return undefined;
  }
  const ready = Boolean(preview.value && preview.value.question === question && !busy.value);
  const confirm = () => ready && act(async () => {
    const before = preview.value;
    const { confirmOrderChange: result } = await ask(CONFIRM_CHANGE, { id, input, token: before.token, reason, ...note }, { key: once.key });
    if (result.preview) {
      preview.value = { ...result.preview, question };
      moved.value = differences(before, result.preview);
      tell(t("change.stale"), { tone: "bad" });
    } else if (result.code) {
      refused.value = result;
      tell(words(result), { tone: "bad" });
    } else {
      once.done();
      preview.value = null;
      done(result.change);
    }
  });
  useEffect(() => {
    moved.value = null;
    const timer = setTimeout(() => void look(), SETTLES);
    return () => clearTimeout(timer);
  }, [question, id]);
  return { preview, refused, moved, ready, confirm, busy, act };
}
