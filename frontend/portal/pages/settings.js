/** What a company and a person set for themselves; each role sees its part. */
import { may } from "../../shared/auth.js";
import { Failure } from "../../shared/components/failure.js";
import { Skeleton } from "../../shared/components/skeleton.js";
import { t } from "../../shared/messages.js";
import { place, withQuery } from "../../shared/router.js";
import { effect, html, signal, useEffect } from "../../shared/ui.js";

const OWN = "partnership:write";
/** @type {Record<string, {permission?: string, load: () => Promise<any>}>} */
const PARTS = {
  company: { permission: OWN, load: () => import("../settings/company.js") },
  places: { permission: OWN, load: () => import("../settings/places.js") },
  closures: { permission: OWN, load: () => import("../settings/closures.js") },
  people: { permission: OWN, load: () => import("../settings/people.js") },
  me: { load: () => import("../settings/me.js") },
  security: { load: () => import("../settings/security.js") },
  provider: { permission: OWN, load: () => import("../settings/provider.js") },
};

const part = signal(/** @type {any} */ (null));
const missing = signal(/** @type {any} */ (null));
const allowed = () => Object.keys(PARTS).filter((name) => !PARTS[name].permission || may(String(PARTS[name].permission)));

/** The part of the address, if there is one. */
function wanted() {
  const asked = place.value.query.get("part");
  return asked && allowed().includes(asked) ? asked : allowed()[0];
}

async function load() {
  const name = wanted();
  missing.value = null;
  try {
    const found = (await PARTS[name].load()).Part;
    if (wanted() === name) part.value = { name, Part: found };
  } catch {
    missing.value = { code: "NEW_VERSION", message: "", path: [], reference: null };
  }
}

export function Page() {
  useEffect(() => effect(() => void (wanted() && load())), []);
  const shown = part.value?.name === wanted() ? part.value : null;
  return html`<div class="stack">
    <h1>${t("settings.title")}</h1>
    <nav class="tabs" aria-label=${t("settings.parts")}>${allowed().map((name) => html`<a key=${name} href=${withQuery({ part: name })} aria-current=${name === wanted() ? "page" : undefined}>${t(`settings.${name}`)}</a>`)}</nav>
    <div class="narrow">${missing.value ? html`<${Failure} problem=${missing.value} retry=${() => location.reload()} />` : shown ? html`<${shown.Part} key=${shown.name} />` : html`<${Skeleton} />`}</div>
  </div>`;
}
