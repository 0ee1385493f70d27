/** Ship by file: what somebody's own packing system sent, a line a parcel; checked first, shipped with one click. */
import { ask } from "../../shared/api.js";
import { EmptyState } from "../../shared/components/empty-state.js";
import { Failure } from "../../shared/components/failure.js";
import { dateTime } from "../../shared/format.js";
import { language, t } from "../../shared/messages.js";
import { html, signal, useEffect } from "../../shared/ui.js";
import { UploadFlow } from "../components/upload-flow.js";
import { SHIPPING_FILES } from "../operations.js";

const MANY = 1000; // nobody counts further
const KIND = "shipments";
const TO_SHIP = { states: ["OPEN", "ACCEPTED", "PICKED", "PACKED"], cancelRequested: false };

const waiting = signal(/** @type {number | null} */ (null));
const files = signal(/** @type {any[]} */ ([]));
const problem = signal(/** @type {any} */ (null));
let asked = 0;

async function load() {
  const turn = ++asked;
  try {
    const { fulfillmentOrderCounts: counts, uploads } = await ask(SHIPPING_FILES, { filters: [TO_SHIP], kinds: [KIND] });
    if (turn !== asked) return;
    waiting.value = counts[0];
    files.value = uploads.nodes.filter((/** @type {any} */ each) => each.state === "DONE");
    problem.value = null;
  } catch (failed) {
    if (turn === asked) problem.value = failed;
  }
}

function watch() {
  load();
  return () => {
    asked += 1;
    waiting.value = problem.value = null; // whoever signs in next sees nothing of it
    files.value = [];
  };
}

export function Page() {
  useEffect(watch, []);
  return html`<div class="stack">
    <div class="row"><h1>${t("ship.title")}</h1>
      ${waiting.value !== null && html`<span class="muted push" role="status">${waiting.value < MANY ? t("ship.waiting", { count: waiting.value }) : t("ship.waitingMany")}</span>`}</div>
    <p class="narrow">${t("ship.how")}</p>
    ${problem.value && html`<${Failure} problem=${problem.value} retry=${load} />`}
    <${UploadFlow} kind=${KIND} good=${["READY"]} changed=${load} />
    ${waiting.value === 0 && html`<${EmptyState} title=${t("ship.none")} text=${t("ship.noneText")}><a class="button" href="/portal/orders">${t("ship.toOrders")}</a><//>`}
    ${files.value.length > 0 && html`<${Files} />`}
  </div>`;
}

function Files() {
  return html`<section class="stack" aria-labelledby="sent-files"><h2 id="sent-files">${t("ship.files")}</h2>
    <div class="table"><table>
      <thead><tr><th scope="col">${t("ship.file")}</th><th scope="col">${t("ship.when")}</th><th scope="col" class="number">${t("ship.lines")}</th>
        <th scope="col" class="number">${t("ship.sent")}</th><th scope="col">${t("ship.bad")}</th></tr></thead>
      <tbody>${files.value.map(File)}</tbody></table></div></section>`;
}

/** @param {any} file */
function File(file) {
  const sent = file.counts.find((/** @type {any} */ each) => each.outcome === "SHIPPED")?.count ?? 0;
  return html`<tr key=${file.id}><td class="head long" data-label=${t("ship.file")}>${file.name}</td>
    <td data-label=${t("ship.when")}>${dateTime(file.createdAt)} <span class="muted">${file.by}</span></td>
    <td class="number" data-label=${t("ship.lines")}>${file.rows}</td><td class="number" data-label=${t("ship.sent")}>${sent}</td>
    <td data-label=${t("ship.bad")}>${file.returned > 0 ? html`<a href=${`/files/uploads/${file.id}/returned?language=${language.value}`} download>${t("upload.returned", { count: file.returned })}</a>` : "–"}</td></tr>`;
}
