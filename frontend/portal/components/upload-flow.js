/** A file from the drop to its end: columns matched, checked, looked at, applied. Left and come back to, it goes on. */
import { ask, call, change } from "../../shared/api.js";
import { Failure } from "../../shared/components/failure.js";
import { FileDrop } from "../../shared/components/file-drop.js";
import { ImportReport } from "../../shared/components/import-report.js";
import { tell } from "../../shared/components/toast.js";
import { language, t } from "../../shared/messages.js";
import { useShortcuts } from "../../shared/shortcuts.js";
import { html, useEffect, useRef, useSignal } from "../../shared/ui.js";
import { APPLY_UPLOAD, CANCEL_UPLOAD, LAST_UPLOAD, MATCH_UPLOAD, ONE_UPLOAD } from "../operations.js";

const AGAIN = 400; // milliseconds until the next look at what is being worked on
const WORKING = ["CHECKING", "APPLYING"];
const OPEN = ["MATCHING", "CHECKED", ...WORKING];
const ACCEPT = ".csv,.txt,.tsv,.xlsx";

/**
 * `good` are the endings that applying does something with; `stage` is told how far the file is.
 * @param {{kind: string, good: string[], options?: Record<string, string>, changed: () => void, stage?: (state: string | null) => void, children?: any}} props
 */
export function UploadFlow({ kind, good, options = {}, changed, stage, children }) {
  const upload = useSignal(/** @type {any} */ (null));
  const problem = useSignal(/** @type {any} */ (null));
  const busy = useSignal(false);
  const meant = useSignal(false);
  const timer = useRef(/** @type {any} */ (null));
  const asked = useRef(0); // only the answer to the last question is shown
  const box = useRef(/** @type {HTMLElement | null} */ (null));

  const show = (/** @type {any} */ found) => {
    const before = upload.value?.state;
    upload.value = found;
    stage?.(found?.state ?? null);
    clearTimeout(timer.current);
    if (found && WORKING.includes(found.state)) timer.current = setTimeout(() => look(found.id), AGAIN);
    if (found?.state === "DONE" && before === "APPLYING") changed();
  };
  /** What is asked for goes wrong without anything being lost: the file is there, and can be asked for again. */
  const trying = async (/** @type {() => Promise<any>} */ doing) => {
    const turn = ++asked.current;
    problem.value = null;
    try {
      const found = await doing();
      if (turn === asked.current) show(found);
    } catch (/** @type {any} */ refused) {
      if (turn === asked.current) problem.value = refused;
    }
  };
  /** One change at a time. */
  const acting = async (/** @type {() => Promise<any>} */ doing) => {
    if (busy.value) return;
    busy.value = true;
    await trying(doing);
    busy.value = false;
    box.current?.focus({ preventScroll: true }); // what was clicked may be gone
  };
  const look = (/** @type {string} */ id) => trying(async () => (await ask(ONE_UPLOAD, { id })).upload);
  const send = (/** @type {File} */ file) => acting(async () => {
    meant.value = false;
    const query = new URLSearchParams({ kind, name: file.name, ...options });
    const headers = { "content-type": "application/octet-stream", "accept-language": language.value };
    const { id } = await call(`/files/uploads?${query}`, { method: "POST", body: file, headers });
    return (await ask(ONE_UPLOAD, { id })).upload;
  });
  const act = (/** @type {string} */ document, /** @type {any} */ given = {}) =>
    acting(async () => (await change(document, { id: upload.value.id, ...given })).upload);
  const cancel = async () => {
    await act(CANCEL_UPLOAD);
    if (!problem.value) tell(t("upload.canceled"));
  };

  useEffect(() => {
    trying(async () => {
      const { uploads } = await ask(LAST_UPLOAD, { kinds: [kind] });
      return uploads.nodes.find((/** @type {any} */ each) => OPEN.includes(each.state)) ?? null;
    });
    return () => {
      asked.current += 1;
      clearTimeout(timer.current);
    };
  }, [kind]);

  const it = upload.value;
  const state = it?.state;
  const ready = it ? it.counts.filter((/** @type {any} */ each) => good.includes(each.outcome)).reduce((/** @type {number} */ sum, /** @type {any} */ each) => sum + each.count, 0) : 0;
  /** A column in words; fields of answers are written otherwise than those of files. @param {string} field */
  const title = (field) => {
    const column = field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return it.fields.includes(column) ? t(`upload.${kind}.field.${column}`) : field;
  };
  const allowed = ready > 0 && (!it?.guarded || meant.value);
  // Asked when the key is pressed: it may follow the tick before the page is drawn again.
  const apply = () => void (ready > 0 && (!it?.guarded || meant.value) && act(APPLY_UPLOAD, { confirmed: meant.value }));
  useShortcuts(state === "CHECKED" && ready > 0 ? [{ keys: "Ctrl Enter", label: "upload.applyKey", run: apply }] : []);
  return html`<section class="stack" aria-label=${t("upload.title")}>
    ${problem.value && html`<${Failure} problem=${problem.value} retry=${it ? () => look(it.id) : undefined} />`}
    ${(!it || !OPEN.includes(state)) && html`<${FileDrop} label=${t("upload.choose")} hint=${t("upload.hint")} accept=${ACCEPT} busy=${busy.value} chosen=${send}>
      ${children}<span class="row push"><a href=${template(kind, "csv")} download>${t("upload.templateCsv")}</a><a href=${template(kind, "xlsx")} download>${t("upload.templateXlsx")}</a></span><//>`}
    ${it && html`<p ref=${box} tabindex="-1"><strong>${it.name}</strong> <span class="muted" role="status">${t(`upload.state.${state}`, { count: it.rows })}</span></p>`}
    ${state === "FAILED" && html`<p class="notice bad">${it.problem}</p>`}
    ${state === "MATCHING" && html`<${Matching} kind=${kind} upload=${it} match=${(/** @type {any} */ columns) => act(MATCH_UPLOAD, { columns })} cancel=${cancel} />`}
    ${WORKING.includes(state) && html`<div class="row"><progress aria-label=${t(`upload.state.${state}`, { count: 0 })} max=${it.rows || undefined} value=${it.rows ? it.done : undefined} />
      <span class="number">${t("upload.done", { count: it.done })}</span><button type="button" class="button" onClick=${cancel}>${t("upload.cancel")}</button></div>`}
    ${["CHECKED", "DONE"].includes(state) && html`<${ImportReport} counts=${it.counts} findings=${it.findings} name=${(/** @type {string} */ outcome) => t(`upload.${kind}.${outcome}`)} title=${title} />`}
    ${state === "CHECKED" && it.guarded && html`<p class="notice warn"><label><input type="checkbox" checked=${meant.value} onChange=${(/** @type {any} */ event) => { meant.value = event.target.checked; }} /> ${t("upload.guarded")}</label></p>`}
    ${state === "CHECKED" && html`<div class="row">
      <button type="button" class="button main" aria-disabled=${busy.value || !allowed} aria-keyshortcuts="Control+Enter" onClick=${apply}>${t(`upload.${kind}.apply`, { count: ready })}</button>
      <button type="button" class="button" onClick=${cancel}>${t("upload.discard")}</button></div>`}
    ${it?.returned > 0 && ["CHECKED", "DONE"].includes(state) && html`<p><a href=${`/files/uploads/${it.id}/returned?language=${language.value}`} download>${t("upload.returned", { count: it.returned })}</a></p>`}
  </section>`;
}

/** @param {string} kind @param {string} form */
const template = (kind, form) => `/files/templates/${kind}?form=${form}&language=${language.value}`;

/** What each column is. @param {{kind: string, upload: any, match: (columns: (string | null)[]) => void, cancel: () => void}} props */
function Matching({ kind, upload, match, cancel }) {
  const fault = useSignal("");
  const given = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const data = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const columns = upload.columns.map((/** @type {any} */ _, /** @type {number} */ at) => String(data.get(`c${at}`)) || null);
    const named = columns.filter(Boolean);
    fault.value = new Set(named).size < named.length ? t("upload.twice") : "";
    if (!fault.value) match(columns);
  };
  return html`<form class="stack" onSubmit=${given}>
    <p>${t("upload.match", { fields: upload.missing.map((/** @type {string} */ each) => t(`upload.${kind}.field.${each}`)).join(", ") })}</p>
    <div class="table"><table aria-label=${t("upload.columns")}><thead><tr><th scope="col">${t("upload.column")}</th><th scope="col">${t("upload.sample")}</th><th scope="col">${t("upload.fills")}</th></tr></thead>
    <tbody>${upload.columns.map((/** @type {any} */ column, /** @type {number} */ at) => html`<tr key=${at}><th scope="row">${column.title}</th><td class="muted" data-label=${t("upload.sample")}>${column.sample.join(" · ")}</td>
      <td data-label=${t("upload.fills")}><select class="control" name=${`c${at}`} aria-label=${column.title}><option value="">${t("upload.nothing")}</option>
        ${upload.fields.map((/** @type {string} */ field) => html`<option key=${field} value=${field} selected=${field === column.field}>${t(`upload.${kind}.field.${field}`)}</option>`)}</select></td></tr>`)}</tbody></table></div>
    ${fault.value && html`<p class="notice bad" role="alert">${fault.value}</p>`}
    <div class="row"><button type="submit" class="button main">${t("upload.check")}</button>
      <button type="button" class="button" onClick=${cancel}>${t("upload.discard")}</button></div>
  </form>`;
}
