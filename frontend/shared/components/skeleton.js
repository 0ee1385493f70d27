/** What stands where something is being loaded, in its later size; shown only when that takes a while. */
import { t } from "../messages.js";
import { html, useEffect, useSignal } from "../ui.js";

const AFTER = 150; // milliseconds

/** @param {{rows?: number}} props */
export function Skeleton({ rows = 6 }) {
  const shown = useSignal(false);
  useEffect(() => {
    const timer = setTimeout(() => {
      shown.value = true;
    }, AFTER);
    return () => clearTimeout(timer);
  }, []);
  if (!shown.value) return null;
  return html`<div class="skeleton" role="status"><span class="unseen">${t("state.loading")}</span>
    ${Array.from({ length: rows }, (_, key) => html`<span key=${key} />`)}</div>`;
}
