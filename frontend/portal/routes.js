/** Which page an address shows; all but the first page are loaded when they are asked for. */
import { may, me } from "../shared/auth.js";
import { AppShell } from "../shared/components/app-shell.js";
import { EmptyState } from "../shared/components/empty-state.js";
import { Failure } from "../shared/components/failure.js";
import { Skeleton } from "../shared/components/skeleton.js";
import { Toasts } from "../shared/components/toast.js";
import { lazy } from "../shared/lazy.js";
import { t } from "../shared/messages.js";
import { go, place } from "../shared/router.js";
import { effect, html, signal, useEffect } from "../shared/ui.js";
import * as orders from "./pages/orders.js";
import { watch } from "./watching.js";

/** @typedef {{path: string, label: string, letter?: string, permission: string, load: () => Promise<{Page: any}>, hidden?: boolean}} Section */

/** @type {Section[]} */
const SECTIONS = [
  { path: "/portal/orders", label: "section.orders", letter: "o", permission: "fulfillment:read", load: async () => orders },
  { path: "/portal/pick", label: "section.pick", letter: "p", permission: "fulfillment:write", load: () => import("./pages/pick.js") },
  { path: "/portal/pack", label: "section.pack", letter: "k", permission: "fulfillment:write", load: () => import("./pages/pack.js") },
  { path: "/portal/ship", label: "section.ship", letter: "h", permission: "fulfillment:write", load: () => import("./pages/ship.js"), hidden: true },
  { path: "/portal/stock", label: "section.stock", letter: "s", permission: "stock:read", load: () => import("./pages/stock.js") },
  { path: "/portal/catalogue", label: "section.catalogue", letter: "a", permission: "offers:read", load: () => import("./pages/catalogue.js") },
  { path: "/portal/returns", label: "section.returns", letter: "r", permission: "returns:decide", load: () => import("./pages/returns.js") },
  { path: "/portal/performance", label: "section.performance", letter: "f", permission: "partners:read", load: () => import("./pages/performance.js") },
  { path: "/portal/connect", label: "section.connect", letter: "c", permission: "clients:read", load: () => import("./pages/connect.js") },
  { path: "/portal/settings", label: "section.settings", letter: "e", permission: "partners:read", load: () => import("./pages/settings.js") },
  { path: "/portal/welcome", label: "section.welcome", permission: "partners:read", load: () => import("./pages/welcome.js"), hidden: true },
];

// What is there for who is not signed in.
/** @type {Record<string, () => Promise<{Page: any}>>} */
const OPEN = { "/portal/link": () => import("./pages/link.js"), "/portal/reset": () => import("./pages/reset.js") };

const SignIn = lazy(() => import("../shared/components/sign-in.js"), "SignIn");
const page = signal(/** @type {any} */ (null));
const missing = signal(/** @type {any} */ (null));

/** The section of the present address; the portal's own address leads to the first one. */
function section() {
  const path = place.value.path;
  if (path === "/portal") go(SECTIONS[0].path, { replace: true });
  return SECTIONS.find((each) => place.value.path.startsWith(each.path));
}

async function load() {
  const path = place.value.path;
  const loading = OPEN[path] ?? section()?.load;
  missing.value = null;
  try {
    const found = loading && (await loading()).Page;
    if ((OPEN[place.value.path] ?? section()?.load) === loading) page.value = { loading, Page: found };
  } catch {
    missing.value = { code: "NEW_VERSION", message: "", path: [], reference: null };
  }
}

export function Portal() {
  useEffect(() => effect(() => void ((OPEN[place.value.path] || (me.value && section())) && load())), []);
  useEffect(watch, []);
  if (OPEN[place.value.path]) return html`<div>${missing.value ? html`<main class="alone"><${Failure} problem=${missing.value} retry=${() => location.reload()} /></main>` : shown(OPEN[place.value.path])}<${Toasts} /></div>`;
  if (me.value === null) return html`<${SignIn} />`;
  return html`<${AppShell} title="Kontor" sections=${SECTIONS}>${content()}<//>`;
}

function content() {
  const wanted = section();
  if (!wanted) return html`<${EmptyState} title=${t("page.unknown")} text=${t("page.unknownText")}><a class="button" href="/portal">${t("page.home")}</a><//>`;
  if (!may(wanted.permission)) return html`<${EmptyState} title=${t("page.forbidden")} text=${t("page.forbiddenText")} />`;
  if (missing.value) return html`<${Failure} problem=${missing.value} retry=${() => location.reload()} />`;
  return shown(wanted.load) ?? html`<${Skeleton} />`;
}

/** The page that was loaded by this. @param {() => Promise<{Page: any}>} loading */
function shown(loading) {
  const { Page } = page.value?.loading === loading ? page.value : { Page: null };
  return Page ? html`<${Page} />` : null;
}
