/** Bars over time with the agreed value as a line. Arrow keys go along it; a table behind it says the same. */
import { t } from "../messages.js";
import { html } from "../ui.js";

const WIDTH = 640;
const HEIGHT = 150;
const GROUND = 12; // room for the mark below the bar that is looked at

/**
 * @typedef {{label: string, value: number | null, target: number | null, text: string, targetText: string}} Point
 * @param {{label: string, points: Point[], at: number, look: (at: number) => void}} props
 */
export function SvgChart({ label, points, at, look }) {
  const most = Math.max(1, ...points.flatMap((point) => [point.value ?? 0, point.target ?? 0])) * 1.08;
  const step = WIDTH / points.length;
  const high = (/** @type {number} */ value) => ((HEIGHT - GROUND) * value) / most;
  const here = points[at];
  return html`<div class="chart">
    <div class="plot" role="slider" tabindex="0" aria-label=${label} aria-valuemin="0" aria-valuemax=${points.length - 1} aria-valuenow=${at}
      aria-valuetext=${`${here.label}: ${here.text}`} onKeyDown=${(/** @type {KeyboardEvent} */ event) => move(event, at, points.length, look)}>
      <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true" focusable="false">
        ${points.map((point, index) => html`<g key=${point.label} class=${index === at ? "here" : ""} onClick=${() => look(index)}>
          <rect class="catch" x=${index * step} y="0" width=${step} height=${HEIGHT} />
          ${point.value !== null && html`<rect class="bar" x=${index * step + step * 0.18} y=${HEIGHT - GROUND - high(point.value)} width=${step * 0.64} height=${Math.max(1, high(point.value))} rx="2" />`}
          ${point.target !== null && html`<line class="target" x1=${index * step} x2=${(index + 1) * step} y1=${HEIGHT - GROUND - high(point.target)} y2=${HEIGHT - GROUND - high(point.target)} />`}
          ${index === at && html`<rect class="mark" x=${index * step + step * 0.18} y=${HEIGHT - 5} width=${step * 0.64} height="4" rx="2" />`}
        </g>`)}
      </svg>
    </div>
    <details><summary>${t("chart.table")}</summary>
      <div class="table"><table aria-label=${label}><thead><tr><th scope="col">${t("chart.week")}</th><th scope="col" class="number">${t("chart.value")}</th><th scope="col" class="number">${t("chart.target")}</th></tr></thead>
        <tbody>${points.map((point) => html`<tr key=${point.label}><th scope="row">${point.label}</th><td class="number" data-label=${t("chart.value")}>${point.text}</td><td class="number" data-label=${t("chart.target")}>${point.targetText}</td></tr>`)}</tbody>
      </table></div></details>
  </div>`;
}

/**
 * @param {KeyboardEvent} event
 * @param {number} at
 * @param {number} count
 * @param {(at: number) => void} look
 */
function move(event, at, count, look) {
  const next = /** @type {Record<string, number>} */ ({ ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, Home: 0, End: count - 1 })[event.key];
  if (next === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  look(Math.min(count - 1, Math.max(0, next)));
}
