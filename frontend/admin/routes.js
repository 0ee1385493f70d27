/** Which page an address shows; all but the first page are loaded when they are asked for. */
import { may, me } from "../shared/auth.js";
import { AppShell } from "../shared/components/app-shell.js";
import { EmptyState } from "../shared/components/empty-state.js";
import { Failure } from "../shared/components/failure.js";
import { Skeleton } from "../shared/components/skeleton.js";
import { lazy } from "../shared/lazy.js";
import { t } from "../shared/messages.js";
import { go, place } from "../shared/router.js";
import { effect, html, signal, useEffect } from "../shared/ui.js";
import * as partners from "./pages/partners.js";

/** @typedef {{path: string, label: string, permission: string, load: () => Promise<{Page: any}>}} Section */

/** @type {Section[]} */
const SECTIONS = [
  { path: "/admin/partners", label: "section.partners", permission: "partners:write", load: async () => partners },
  { path: "/admin/catalogue", label: "section.catalogue", permission: "offers:review", load: () => import("./pages/catalogue.js") },
  { path: "/admin/messages", label: "section.messages", permission: "notifications:write", load: () => import("./pages/messages.js") },
  { path: "/admin/deadlines", label: "section.deadlines", permission: "channels:write", load: () => import("./pages/deadlines.js") },
  { path: "/admin/goodwill", label: "section.goodwill", permission: "settings:read", load: () => import("./pages/goodwill.js") },
  { path: "/admin/self-service", label: "section.selfService", permission: "channels:write", load: () => import("./pages/self-service.js") },
];

const SignIn = lazy(() => import("../shared/components/sign-in.js"), "SignIn");

const page = signal(/** @type {any} */ (null));
const missing = signal(/** @type {any} */ (null));

/** The section of the present address; the app's own address leads to the first one. */
function section() {
  const path = place.value.path;
  if (path === "/admin") go(SECTIONS[0].path, { replace: true });
  return SECTIONS.find((each) => place.value.path.startsWith(each.path));
}

async function load() {
  const wanted = section();
  missing.value = null;
  try {
    const found = wanted && (await wanted.load()).Page;
    if (section() === wanted) page.value = () => found;
  } catch {
    missing.value = { code: "NEW_VERSION", message: "", path: [], reference: null };
  }
}

export function Admin() {
  useEffect(() => effect(() => void (me.value && section() && load())), []);
  if (me.value === null) return html`<${SignIn} />`;
  return html`<${AppShell} title="Kontor" sections=${SECTIONS.filter((each) => may(each.permission))}>${content()}<//>`;
}

function content() {
  const wanted = section();
  if (!wanted) return html`<${EmptyState} title=${t("page.unknown")} text=${t("page.unknownText")}><a class="button" href="/admin">${t("page.home")}</a><//>`;
  if (!may(wanted.permission)) return html`<${EmptyState} title=${t("page.forbidden")} text=${t("admin.forbidden")} />`;
  if (missing.value) return html`<${Failure} problem=${missing.value} retry=${() => location.reload()} />`;
  const Page = page.value?.();
  return Page ? html`<${Page} />` : html`<${Skeleton} />`;
}
