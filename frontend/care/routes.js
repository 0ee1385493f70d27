/** Which page an address shows; all but what the first screen needs is loaded when it is asked for. */
import { may, me } from "../shared/auth.js";
import { AppShell } from "../shared/components/app-shell.js";
import { EmptyState } from "../shared/components/empty-state.js";
import { Failure } from "../shared/components/failure.js";
import { Skeleton } from "../shared/components/skeleton.js";
import { lazy } from "../shared/lazy.js";
import { t } from "../shared/messages.js";
import { go, place } from "../shared/router.js";
import { computed, effect, html, signal, useEffect } from "../shared/ui.js";
// What nearly every page needs, so that opening one waits for its own parts alone.
import "../shared/look-anew.js";
import "./acting.js";
import "./components/order-head.js";
import "./previewing.js";
import "./titles.js";
import { announce, routeOf } from "./addresses.js";

/** @typedef {import("./addresses.js").Route} Route */

const ROLES = "care:read"; // who may open these pages at all

/** @type {Route[]} */
const ROUTES = [
  { path: "/care", label: "section.start", letter: "s", exact: true, search: true, permission: "care:read", load: () => import("./pages/start.js") },
  { path: "/care/queues", label: "section.queues", letter: "u", permission: "care:read", load: () => import("./pages/queues.js") },
  { path: "/care/orders/:order/contacts", permission: "care:read", load: () => import("./pages/contacts.js") },
  { path: "/care/customers/:customer", permission: "customers:read", load: () => import("./pages/customer.js") },
  { path: "/care/orders/:order/why", permission: "routing:read", load: () => import("./pages/why.js") },
  { path: "/care/orders/:order/refund", permission: "refunds:write", load: () => import("./pages/refund.js") },
  { path: "/care/orders/:order/money", permission: "dunning:write", load: () => import("./pages/money.js") },
  { path: "/care/orders/:order", permission: "orders:read", load: () => import("./pages/order.js") },
  { path: "/care/orders/:order/change", permission: "orders:change", load: () => import("./pages/change.js") },
];
announce(ROUTES);
const SECTIONS = /** @type {{path: string, label: string, letter?: string, exact?: boolean, search?: boolean}[]} */ (ROUTES.filter((each) => each.label));

const SignIn = lazy(() => import("../shared/components/sign-in.js"), "SignIn");
const found = computed(() => routeOf(ROUTES, place.value.path));
const page = signal(/** @type {any} */ (null));
const missing = signal(/** @type {any} */ (null));

async function load() {
  if (!ROUTES.some((each) => each.path === "/care") && place.value.path === "/care") return go(SECTIONS[0].path, { replace: true });
  const route = found.value?.route;
  missing.value = null;
  try {
    const Page = route && (await route.load()).Page;
    if (found.value?.route === route) page.value = { route, Page };
  } catch {
    missing.value = { code: "NEW_VERSION", message: "", path: [], reference: null };
  }
}

export function Care() {
  useEffect(() => effect(() => void (me.value && place.value && load())), []);
  if (me.value === null) return html`<${SignIn} />`;
  return html`<${AppShell} title="Kontor" sections=${may(ROLES) ? SECTIONS : []}>${content()}<//>`;
}

function content() {
  if (!may(ROLES)) return html`<${EmptyState} title=${t("page.forbidden")} text=${t("care.forbidden")} />`;
  if (!found.value) return html`<${EmptyState} title=${t("page.unknown")} text=${t("page.unknownText")}><a class="button" href="/care">${t("page.home")}</a><//>`;
  const { route, given } = found.value;
  if (!may(route.permission)) return html`<${EmptyState} title=${t("page.forbidden")} text=${t("care.forbiddenPage")}><a class="button" href="/care">${t("page.home")}</a><//>`;
  if (missing.value) return html`<${Failure} problem=${missing.value} retry=${() => location.reload()} />`;
  if (page.value?.route !== route) return html`<${Skeleton} />`;
  return html`<${page.value.Page} key=${place.value.path} ...${given} />`;
}
