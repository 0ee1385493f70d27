/** A real call with the new key and the partner's own data, and the same call to copy. */
import { t } from "../../shared/messages.js";
import { html, useSignal } from "../../shared/ui.js";
import { TRIED } from "../operations.js";

/** @param {{clientId: string, secret: string}} props */
export function TryCall({ clientId, secret }) {
  const answer = useSignal("");
  const busy = useSignal(false);

  async function run() {
    busy.value = true;
    try {
      answer.value = JSON.stringify(await called(clientId, secret), null, 2);
    } catch (/** @type {any} */ problem) {
      answer.value = String(problem.message ?? problem);
    }
    busy.value = false;
  }

  const commands = `TOKEN=$(curl -s ${location.origin}/oauth/token -u '${clientId}:SECRET' \\
  -d grant_type=client_credentials | python3 -c 'import json,sys; print(json.load(sys.stdin)["access_token"])')
curl -s ${location.origin}/graphql -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' \\
  -d '${JSON.stringify({ query: TRIED })}'`;
  return html`<div class="stack"><div><button type="button" class="button main" aria-disabled=${busy.value} onClick=${run}>${t("connect.try")}</button></div>
    ${answer.value && html`<pre class="code" role="status" tabindex="0" aria-label=${t("connect.answer")}>${answer.value}</pre>`}
    <details><summary>${t("connect.commands")}</summary><pre class="code" tabindex="0">${commands}</pre></details></div>`;
}

/** As the partner's system does it: without the session of the person. @param {string} clientId @param {string} secret */
async function called(clientId, secret) {
  const token = await fetch("/oauth/token", {
    method: "POST", credentials: "omit", headers: { authorization: `Basic ${btoa(`${clientId}:${secret}`)}` },
    body: new URLSearchParams({ grant_type: "client_credentials" }),
  });
  const granted = await token.json();
  if (!token.ok) return granted;
  const answer = await fetch("/graphql", {
    method: "POST", credentials: "omit", headers: { authorization: `Bearer ${granted.access_token}`, "content-type": "application/json" },
    body: JSON.stringify({ query: TRIED }),
  });
  return answer.json();
}
