/** Where scans go: always ready, whatever was clicked last. */
import { attach } from "../scanner.js";
import { html, useEffect, useRef } from "../ui.js";

/** @param {{label: string, scan: (text: string) => void}} props */
export function ScanField({ label, scan }) {
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  const latest = useRef(scan);
  latest.current = scan;
  useEffect(() => {
    if (!field.current) return;
    field.current.focus();
    return attach(field.current, (text) => latest.current(text));
  }, []);
  return html`<input ref=${field} class="control scan" name="scan" autocomplete="off" autocapitalize="off" spellcheck=${false} aria-label=${label} placeholder=${label} />`;
}
