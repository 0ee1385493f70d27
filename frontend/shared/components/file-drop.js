/** A file, dropped or chosen. */
import { html, useRef, useSignal } from "../ui.js";

/**
 * @param {{label: string, hint: string, accept: string, busy?: boolean, chosen: (file: File) => void, children?: any}} props
 */
export function FileDrop({ label, hint, accept, busy = false, chosen, children }) {
  const over = useSignal(false);
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const take = (/** @type {FileList | null | undefined} */ files) => {
    over.value = false;
    if (files?.[0] && !busy) chosen(files[0]);
    if (input.current) input.current.value = ""; // the same file may be chosen again
  };
  const drag = (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    over.value = event.type === "dragover";
  };
  const drop = (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    take(event.dataTransfer?.files);
  };
  return html`<div class=${`drop ${over.value ? "over" : ""}`} onDragOver=${drag} onDragLeave=${drag} onDrop=${drop}>
    <label class="button main">${label}
      <input class="unseen" type="file" accept=${accept} ref=${input} aria-disabled=${busy} onChange=${() => take(input.current?.files)} />
    </label>
    <span class="muted">${hint}</span>
    ${children}
  </div>`;
}
