/** Addresses of care: which page one stands for, and the parts of it that are given to the page. */

/**
 * A page: `path` as `/care/orders/:order/change`, where `:order` is given to the page as `order`; with a `label` it stands
 * in the navigation and the palette, with a `letter` behind g; an `exact` one has pages of others below. Who lacks `permission` is told so.
 * @typedef {{path: string, label?: string, letter?: string, exact?: boolean, permission: string, load: () => Promise<{Page: any}>}} Route
 */

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * The page of an address with what it is given; null where there is none.
 * @param {Route[]} routes
 * @param {string} path
 * @returns {{route: Route, given: Record<string, string>} | null}
 */
export function routeOf(routes, path) {
  for (const route of routes) {
    const given = givenBy(route.path, path);
    if (given) return { route, given };
  }
  return null;
}

let known = /** @type {Route[]} */ ([]);

/** The pages that there are; told once by the table of routes. @param {Route[]} routes */
export function announce(routes) {
  known = routes;
}

/** Whether an address stands for a page, so that nothing leads to one that is not there. @param {string} path */
export const isPage = (path) => routeOf(known, path) !== null;

/**
 * @param {string} pattern
 * @param {string} path
 */
function givenBy(pattern, path) {
  const wanted = pattern.split("/");
  const parts = path.split("/");
  if (wanted.length !== parts.length) return null;
  const given = /** @type {Record<string, string>} */ ({});
  for (const [at, part] of wanted.entries()) {
    if (part.startsWith(":") && parts[at]) given[part.slice(1)] = decodeURIComponent(parts[at]);
    else if (part !== parts[at]) return null;
  }
  return given;
}

/** How an order, a customer or the like is asked for: addresses have its id or its number. @param {string} key */
export const byKey = (key) => (UUID.test(key) ? { id: key } : { number: key });

/** The address of an order, or of one of its pages. @param {string} number @param {string} [page] */
export const orderAddress = (number, page = "") => `/care/orders/${encodeURIComponent(number)}${page && `/${page}`}`;
