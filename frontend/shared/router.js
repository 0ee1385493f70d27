/** Addresses: what is shown follows from the address alone, so that every view can be bookmarked and mailed. */
import { signal } from "@preact/signals";

/** @typedef {{path: string, query: URLSearchParams}} Place */

export const place = signal(here());

/** @returns {Place} */
function here() {
  return { path: location.pathname.replace(/\/+$/, ""), query: new URLSearchParams(location.search) };
}

/**
 * @param {string} address
 * @param {{replace?: boolean}} [options]
 */
export function go(address, { replace = false } = {}) {
  history[replace ? "replaceState" : "pushState"](null, "", address);
  place.value = here();
}

/**
 * The present address with some of its query changed; null takes a name out.
 * @param {Record<string, string | null>} changes
 */
export function withQuery(changes) {
  const query = new URLSearchParams(place.value.query);
  for (const [name, value] of Object.entries(changes)) value === null ? query.delete(name) : query.set(name, value);
  const text = query.toString();
  return place.value.path + (text ? `?${text}` : "");
}

/** Follow the browser's buttons, and links of the app without loading the page anew. @param {string} base */
export function follow(base) {
  addEventListener("popstate", () => {
    place.value = here();
  });
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
    if (!(link instanceof HTMLAnchorElement) || link.target || link.download || link.origin !== location.origin) return;
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (link.pathname !== base && !link.pathname.startsWith(`${base}/`)) return;
    if (link.hash && link.pathname === location.pathname && link.search === location.search) return; // within the page
    event.preventDefault();
    go(link.pathname + link.search);
  });
}
