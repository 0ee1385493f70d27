/** Addresses of care: which page one stands for, and the parts of it that are given to the page. */

/**
 * A page: `path` as `/care/orders/:order/change`, where `:order` is given to the page as `order`; with a `label` it stands
 * in the navigation and the palette, with a `letter` behind g; an `exact` one has pages of others below, and `/` leads to one to `search` in. Who lacks `permission` is told so.
 * @typedef {{path: string, label?: string, letter?: string, exact?: boolean, search?: boolean, permission: string, load: () => Promise<{Page: any}>}} Route
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

/**
 * A way to solve a case: a page of its order, what that begins with (`with`), and the name of its words (`solve.<name>`). `goods` says
 * that it needs the pieces that left, which go along as `lines`; `here` that nothing has left.
 * @typedef {{name: string, page: string, with?: Record<string, string>, goods?: boolean, here?: boolean}} Way
 */

const WRITE = { channel: "EMAIL" };

/** Where cases are decided, by their kind, the usual way first; kinds that are not here are decided on their own panel. @type {Record<string, Way[]>} */
const WAYS = {
  AUTHORIZATION_EXPIRING: [{ name: "askPayment", page: "contacts", with: { ...WRITE, template: "payment_awaited" } }, { name: "change", page: "change" }],
  CAPTURE_FAILED: [{ name: "askPayment", page: "contacts", with: { ...WRITE, template: "payment_awaited" } }, { name: "money", page: "money" }],
  CHARGEBACK_LOSS: [{ name: "write", page: "contacts", with: WRITE }, { name: "money", page: "money" }],
  CLAIM: [{ name: "claim", page: "refund", with: { do: "claim" } }],
  CODES_MISSING: [{ name: "change", page: "change" }, { name: "write", page: "contacts", with: WRITE }],
  CUSTOMER_MAIL: [{ name: "answer", page: "contacts", with: WRITE }, { name: "change", page: "change" }],
  DISPUTE: [{ name: "dispute", page: "money" }],
  EXCHANGE_OVERDUE: [{ name: "exchange", page: "" }, { name: "write", page: "contacts", with: WRITE }],
  FOLLOW_UP: [{ name: "followUp", page: "contacts" }],
  GOODWILL: [{ name: "goodwill", page: "refund", with: { do: "goodwill" } }],
  LATE: [
    { name: "inform", page: "contacts", with: { ...WRITE, template: "delayed" } },
    { name: "compensate", page: "refund", with: { do: "goodwill", reason: "LATE" } },
    { name: "sendAgain", page: "refund", with: { do: "claim", kind: "MISSING", remedy: "REPLACEMENT", fault: "CARRIER" }, goods: true },
    { name: "elsewhere", page: "why", here: true },
  ],
  MAIL_BOUNCED: [{ name: "followUp", page: "contacts" }, { name: "order", page: "" }],
  PAYMENT_FAILED: [{ name: "askPayment", page: "contacts", with: { ...WRITE, template: "payment_awaited" } }, { name: "change", page: "change" }],
  PROCESS_FAILED: [{ name: "order", page: "" }],
  REFUND_FAILED: [{ name: "write", page: "contacts", with: WRITE }],
  RETURN_LABEL: [{ name: "order", page: "" }],
  RETURNED_DEBIT: [{ name: "agree", page: "money" }, { name: "askPayment", page: "contacts", with: { ...WRITE, template: "payment_awaited" } }],
  UNALLOCATED: [{ name: "change", page: "change" }],
  UNANSWERED: [{ name: "elsewhere", page: "why" }],
  UNDELIVERABLE: [{ name: "address", page: "change", with: { do: "address" }, here: true }, { name: "askAddress", page: "contacts", with: WRITE }],
  UNPAID: [{ name: "agree", page: "money" }, { name: "askPayment", page: "contacts", with: { ...WRITE, template: "payment_awaited" } }],
  WRONG_ARTICLE: [{ name: "sendRight", page: "refund", with: { do: "claim", kind: "WRONG", remedy: "REPLACEMENT" } }, { name: "write", page: "contacts", with: WRITE }],
};

/** How a case is solved. @param {string} kind @returns {Way[]} */
export const waysOf = (kind) => WAYS[kind] ?? [];

/**
 * Where a way leads for a case of an order; pages lead back to the case.
 * @param {Way} way
 * @param {{id: string, orderNumber: string}} found
 * @param {Record<string, number>} [pieces] what left, by line
 */
export function wayTo(way, { id, orderNumber }, pieces = {}) {
  const query = new URLSearchParams(way.with);
  if (way.goods) query.set("lines", written(pieces));
  query.set("case", id);
  return `${orderAddress(orderNumber, way.page)}?${query}`;
}

/** Pieces by line as an address has them. @param {Record<string, number>} pieces */
const written = (pieces) => Object.entries(pieces).map(([line, count]) => `${line}:${count}`).join(",");

/** Pieces by line as an address has them: those of `lines`, at most as many as `most` says there are. @param {string | null} text @param {any[]} lines @param {(line: any) => number} most */
export function piecesIn(text, lines, most) {
  const asked = new Map((text ?? "").split(",").map((each) => /** @type {[string, number]} */ ([each.split(":")[0], Math.trunc(Number(each.split(":")[1]))])));
  const found = lines.map((line) => [line.id, Math.min(asked.get(line.id) || 0, most(line))]).filter(([, count]) => count > 0);
  return /** @type {Record<string, number>} */ (Object.fromEntries(found));
}
