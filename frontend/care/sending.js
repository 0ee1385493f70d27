/** A form that Ctrl Enter sends, wherever on the page the focus is. */
import { useShortcuts } from "../shared/shortcuts.js";
import { useRef } from "../shared/ui.js";

/** What goes to the form's `ref`. */
export function useSend() {
  const self = useRef(/** @type {HTMLFormElement | null} */ (null));
  const run = useRef(() => self.current?.requestSubmit());
  useShortcuts([{ keys: "Ctrl Enter", label: "refund.send", run: run.current, anywhere: true }]);
  return self;
}
