/** An endpoint beside the list: test it, pause it, see every delivery with its answer, send again. */
import { ask, change } from "../../shared/api.js";
import { may } from "../../shared/auth.js";
import { Failure, words } from "../../shared/components/failure.js";
import { StatusPill } from "../../shared/components/status-pill.js";
import { tell } from "../../shared/components/toast.js";
import { dateTime } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html, useEffect, useRef, useSignal } from "../../shared/ui.js";
import { DELIVERIES, REPLAY_DELIVERIES, REPLAY_RANGE, ROTATE_WEBHOOK, SAVE_ENDPOINT, TEST_ENDPOINT } from "../operations.js";
import { EndpointForm } from "./endpoint-form.js";
import { SecretBox } from "./secret-box.js";

const TONES = /** @type {Record<string, "info" | "ok" | "bad">} */ ({ PENDING: "info", DELIVERED: "ok", DEAD: "bad" });
const FILTERS = /** @type {Record<string, string[] | null>} */ ({ all: null, waiting: ["PENDING"], dead: ["DEAD"] });
const DAY = 86_400_000;

/** @param {{endpoint: any, types: string[], changed: () => Promise<void>, close: () => void}} props */
export function EndpointPanel({ endpoint, types, changed, close }) {
  const rows = useSignal(/** @type {any[] | null} */ (null));
  const more = useSignal(/** @type {string | null} */ (null));
  const problem = useSignal(/** @type {any} */ (null));
  const which = useSignal("all");
  const secret = useSignal("");
  const editing = useSignal(false);
  const busy = useSignal(false);
  const asked = useRef(0); // an answer to an earlier question comes too late
  const heading = useRef(/** @type {HTMLElement | null} */ (null));

  /** @param {string | null} [after] */
  async function load(after = null) {
    const turn = ++asked.current;
    try {
      const { eventDeliveries: read } = await ask(DELIVERIES, { filter: { endpointId: endpoint.id, states: FILTERS[which.value] }, after });
      if (turn !== asked.current) return;
      rows.value = after ? [...(rows.value ?? []), ...read.nodes] : read.nodes;
      more.value = read.pageInfo.hasNextPage ? read.pageInfo.endCursor : null;
      problem.value = null;
    } catch (failed) {
      if (turn === asked.current) problem.value = failed;
    }
  }
  useEffect(() => {
    rows.value = more.value = null;
    load();
  }, [which.value]);
  useEffect(() => heading.current?.focus(), []);

  /** @param {() => Promise<void>} doing */
  async function act(doing) {
    if (busy.value) return;
    busy.value = true;
    try {
      await doing();
      await Promise.all([load(), changed()]);
    } catch (/** @type {any} */ refused) {
      tell(words(refused), { tone: "bad" });
    }
    busy.value = false;
  }
  const test = () => act(async () => {
    await change(TEST_ENDPOINT, { id: endpoint.id });
    tell(t("connect.testSent"));
  });
  const rotate = () => act(async () => {
    secret.value = (await change(ROTATE_WEBHOOK, { id: endpoint.id })).secret;
  });
  const pause = () => act(async () => {
    const { id, name, url, events, active } = endpoint;
    await change(SAVE_ENDPOINT, { input: { id, name, url, events, active: !active } });
  });
  const resend = (/** @type {string[]} */ ids) => act(async () => {
    await change(REPLAY_DELIVERIES, { ids });
    tell(t("connect.resent", { count: ids.length }));
  });
  const replay = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const days = Number(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("days"));
    act(async () => {
      const until = new Date(Date.now() + DAY).toISOString();
      const { events } = await change(REPLAY_RANGE, { id: endpoint.id, since: new Date(Date.now() - days * DAY).toISOString(), until });
      tell(t("connect.resent", { count: events }));
    });
  };

  if (editing.value) return html`<${EndpointForm} types=${types} endpoint=${endpoint} changed=${changed} close=${() => { editing.value = false; }} />`;
  const dead = (rows.value ?? []).filter((row) => row.state === "DEAD").map((row) => row.id);
  return html`<aside class="panel stack" aria-label=${endpoint.name}>
    <div class="row"><h2 ref=${heading} tabindex="-1">${endpoint.name}</h2>
      <button type="button" class="button plain push" aria-label=${t("action.close")} onClick=${close}>×</button></div>
    <p class="long muted">${endpoint.url}</p>
    ${endpoint.disabledReason && html`<div class="notice bad">${endpoint.disabledReason}</div>`}
    ${endpoint.failingSince && html`<div class="notice warn">${t("connect.failingSince", { moment: dateTime(endpoint.failingSince) })}</div>`}
    ${secret.value && html`<${SecretBox} facts=${[[t("connect.secret"), secret.value]]}><p>${t("connect.oldDay")}</p><//>`}
    ${may("webhooks:write") && html`<div class="row"><button type="button" class="button main" onClick=${test}>${t("connect.test")}</button>
      <button type="button" class="button" onClick=${() => { editing.value = true; }}>${t("connect.edit")}</button>
      <button type="button" class="button" onClick=${pause}>${t(endpoint.active ? "connect.pause" : "connect.resume")}</button>
      <button type="button" class="button" onClick=${rotate}>${t("connect.rotateDo")}</button></div>`}
    <section class="part"><div class="row"><h2>${t("connect.log")}</h2>
      <div class="field push"><label class="unseen" for="which">${t("connect.which")}</label><select id="which" onChange=${(/** @type {any} */ event) => { which.value = event.target.value; }}>
        ${Object.keys(FILTERS).map((name) => html`<option key=${name} value=${name}>${t(`connect.which.${name}`)}</option>`)}</select></div>
      <button type="button" class="button" onClick=${() => load()}>${t("connect.refresh")}</button></div>
      ${problem.value && html`<${Failure} problem=${problem.value} retry=${() => load()} />`}
      ${rows.value?.length === 0 && html`<p class="muted">${t("connect.logEmpty")}</p>`}
      <ul role="list" class="lines">${(rows.value ?? []).map((row) => html`<${Delivery} key=${row.id} row=${row} resend=${resend} />`)}</ul>
      ${more.value && html`<button type="button" class="button" onClick=${() => load(more.value)}>${t("action.more")}</button>`}
      ${dead.length > 1 && may("webhooks:write") && html`<div><button type="button" class="button" onClick=${() => resend(dead)}>${t("connect.resendAll", { count: dead.length })}</button></div>`}</section>
    ${may("webhooks:write") && html`<form class="part" onSubmit=${replay}><h2>${t("connect.replay")}</h2><p class="muted">${t("connect.replayText")}</p>
      <div class="row"><div class="field"><label for="days">${t("connect.days")}</label><input id="days" name="days" type="number" min="1" max="30" defaultValue="1" inputmode="numeric" /></div>
      <button class="button" aria-disabled=${busy.value}>${t("connect.replayDo")}</button></div></form>`}
  </aside>`;
}

/** @param {{row: any, resend: (ids: string[]) => void}} props */
function Delivery({ row, resend }) {
  return html`<li><details><summary><${StatusPill} tone=${TONES[row.state]}>${t(`delivery.${row.state}`)}<//> <code>${row.type}</code> <span class="muted">${dateTime(row.createdAt)}</span></summary>
      ${row.error && html`<p>${row.error}</p>`}
      <ul>${row.log.map((/** @type {any} */ each) => html`<li key=${each.at}>${dateTime(each.at)}: ${each.statusCode ?? "–"} ${each.error ?? ""} (${each.milliseconds} ms)</li>`)}</ul>
      <pre class="code" tabindex="0">${JSON.stringify(row.body, null, 2)}</pre></details>
    ${row.state !== "PENDING" && may("webhooks:write") && html`<button type="button" class="button" onClick=${() => resend([row.id])}>${t("connect.resend")}</button>`}</li>`;
}
