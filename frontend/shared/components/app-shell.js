/** The frame of every page: where one is, who one is, and the way out. */
import { unseen } from "../attention.js";
import { me, signOut } from "../auth.js";
import { lazy } from "../lazy.js";
import { keyText, t } from "../messages.js";
import { place } from "../router.js";
import { layer, listen } from "../shortcuts.js";
import { html, signal, useEffect } from "../ui.js";
import { words } from "./failure.js";
import { tell, Toasts } from "./toast.js";

const offline = signal(!navigator.onLine);
for (const change of ["online", "offline"]) addEventListener(change, () => { offline.value = !navigator.onLine; });

const Layers = lazy(() => import("./layers.js"), "Layers");

/** @typedef {{path: string, label: string, letter?: string, hidden?: boolean, exact?: boolean, search?: boolean}} Section */

/**
 * `letter` is what leads to a section after g, and `/` to one to `search` in; an `exact` one has no pages below its address.
 * @param {{title: string, sections: Section[], children?: any}} props
 */
export function AppShell({ title, sections, children }) {
  const here = sections.find(isHere);
  const name = here ? `${t(here.label)} · ${title}` : title;
  const count = unseen.value;
  useEffect(() => {
    document.title = count ? `(${count}) ${name}` : name;
    return () => {
      document.title = title;
    };
  }, [name, count]);
  useEffect(() => listen(sections), [sections]);
  return html`<div class="shell">
    <a class="skip" href="#content">${t("shell.skip")}</a>
    <header>
      <strong>${title}</strong>
      <nav aria-label=${t("shell.sections")}>${sections.filter((each) => !each.hidden).map(Way)}</nav>
      <div class="means">
        <button type="button" class="button plain" onClick=${() => { layer.value = "palette"; }}><span class="wording">${t("shell.palette")}</span> <kbd>${keyText("Ctrl K")}</kbd></button>
        <button type="button" class="button plain" aria-label=${t("shell.help")} onClick=${() => { layer.value = "help"; }}>?</button>
        <span class="muted who" title=${me.value?.name}>${me.value?.name}</span>
        <button type="button" class="button plain" onClick=${leave}>${t("shell.signOut")}</button>
      </div>
    </header>
    <div aria-live="polite">${offline.value && html`<p class="notice warn offline">${t("shell.offline")}</p>`}</div>
    <main id="content" tabindex="-1">${children}</main>
    ${layer.value && html`<${Layers} sections=${sections} />`}
    <${Toasts} />
  </div>`;
}

/** Who could not be signed out is told so, and stays. */
async function leave() {
  try {
    await signOut();
  } catch (/** @type {any} */ refused) {
    tell(words(refused), { tone: "bad" });
  }
}

/** @param {Section} section */
const isHere = ({ path, exact }) => (exact ? place.value.path === path : place.value.path.startsWith(path));

/** @param {Section} section */
function Way(section) {
  return html`<a key=${section.path} href=${section.path} aria-current=${isHere(section) ? "page" : undefined}>${t(section.label)}</a>`;
}
