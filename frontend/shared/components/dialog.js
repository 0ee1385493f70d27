/** A question in front of the page. The browser holds the focus in it and gives it back; Escape leaves. */
import { t } from "../messages.js";
import { html, useEffect, useRef } from "../ui.js";

/** Ctrl Enter does what `send` says, and nothing of the page behind. @param {{title: string, leave: () => void, send?: () => void, children?: any}} props */
export function Dialog({ title, leave, send, children }) {
  const self = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => {
    const before = /** @type {HTMLElement | null} */ (document.activeElement);
    self.current?.showModal();
    return () => before?.focus({ preventScroll: true });
  }, []);
  const canceled = (/** @type {Event} */ event) => {
    event.preventDefault();
    leave();
  };
  const keys = (/** @type {KeyboardEvent} */ event) => {
    if (!send || event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    send();
  };
  return html`<dialog ref=${self} class="dialog" aria-label=${title} onCancel=${canceled} onKeyDown=${keys}>
    <div class="row"><h2>${title}</h2>
      <button type="button" class="button plain push" aria-label=${t("action.close")} onClick=${leave}>×</button></div>
    <div class="stack">${children}</div>
  </dialog>`;
}
