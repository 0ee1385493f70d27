/** Which page an address shows; all but the first page are loaded when they are asked for. */
import { may, me } from "../shared/auth.js";
import { AppShell } from "../shared/components/app-shell.js";
import { EmptyState } from "../shared/components/empty-state.js";
import { Failure } from "../shared/components/failure.js";
import { Skeleton } from "../shared/components/skeleton.js";
import { t } from "../shared/messages.js";
import { go, place } from "../shared/router.js";
import { effect, html, signal, useEffect } from "../shared/ui.js";
import * as orders from "./pages/orders.js";
import { SignIn } from "./pages/sign-in.js";
import { watch } from "./watching.js";

/** @typedef {{path: string, label: string, permission: string, load: () => Promise<{Page: any}>}} Section */

/** @type {Section[]} */
const SECTIONS = [
  { path: "/portal/orders", label: "section.orders", permission: "fulfillment:read", load: async () => orders },
];

const page = signal(/** @type {any} */ (null));
const missing = signal(/** @type {any} */ (null));

/** The section of the present address; the portal's own address leads to the first one. */
function section() {
  const path = place.value.path;
  if (path === "/portal") go(SECTIONS[0].path, { replace: true });
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

export function Portal() {
  useEffect(() => effect(() => void (me.value && section() && load())), []);
  useEffect(watch, []);
  if (me.value === null) return html`<${SignIn} />`;
  return html`<${AppShell} title="Kontor" sections=${SECTIONS}>${content()}<//>`;
}

function content() {
  const wanted = section();
  if (!wanted) return html`<${EmptyState} title=${t("page.unknown")} text=${t("page.unknownText")}><a class="button" href="/portal">${t("page.home")}</a><//>`;
  if (!may(wanted.permission)) return html`<${EmptyState} title=${t("page.forbidden")} text=${t("page.forbiddenText")} />`;
  if (missing.value) return html`<${Failure} problem=${missing.value} retry=${() => location.reload()} />`;
  const Page = page.value?.();
  return Page ? html`<${Page} />` : html`<${Skeleton} />`;
}
