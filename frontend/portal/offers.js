/** Offers as forms know them: all text, one name a field. Pure. */

/** @typedef {Record<string, string>} Flat */

const PLAIN = ["sku", "name", "brand", "category", "groupCode", "gtin"];
const LANGUAGES = /** @type {[string, string][]} */ ([["de", "De"], ["en", "En"]]);
const ATTRIBUTES = ["color", "size"];
const DAYS = ["validFrom", "validUntil"];
/** Currencies of two decimals, as files and prices here are read. */
export const CURRENCIES = ["EUR", "BGN", "CHF", "CZK", "DKK", "GBP", "HUF", "NOK", "PLN", "RON", "SEK", "USD"];
/** Every field of the form, in its order. */
export const NAMES = [...PLAIN, "color", "size", "price", "currency", "weightG", "validFrom", "validUntil", "images",
  ...LANGUAGES.flatMap(([, suffix]) => [`name${suffix}`, `description${suffix}`])];

/**
 * What people type as a price, in minor units of a currency of two decimals; null for none, undefined for no price.
 * @param {string} text
 * @returns {number | null | undefined}
 */
export function minor(text) {
  const plain = text.replace(/[\s'\u00a0]/g, "");
  if (!plain) return null;
  const decimals = /^(.*?)(?:[.,](\d{1,2}))?$/.exec(plain);
  const whole = (decimals?.[1] ?? "").replace(/[.,](?=\d{3}(\D|$))/g, "");
  return /^\d+$/.test(whole) ? Number(whole) * 100 + Number((decimals?.[2] ?? "0").padEnd(2, "0")) : undefined;
}

/** An offer of the API as the form shows it; `point` stands before decimals. @param {any} offer @param {string} [point] @returns {Flat} */
export function flat(offer, point = ".") {
  const found = /** @type {Flat} */ ({ currency: offer?.price?.currency ?? "", price: offer?.price ? (offer.price.amount / 100).toFixed(2).replace(".", point) : "", weightG: offer?.weightG ? String(offer.weightG) : "" });
  for (const name of PLAIN) found[name] = offer?.[name] ?? "";
  for (const name of ATTRIBUTES) found[name] = String(offer?.attributes?.[name] ?? "");
  for (const name of DAYS) found[name] = offer?.[name]?.slice(0, 10) ?? "";
  for (const [code, suffix] of LANGUAGES) {
    for (const part of ["name", "description"]) found[`${part}${suffix}`] = offer?.texts?.[code]?.[part] ?? "";
  }
  found.images = (offer?.images ?? []).map((/** @type {any} */ each) => each.url).join("\n");
  return found;
}

/**
 * What was typed, as the API takes it; what the form does not know of an offer stays as it was.
 * @param {Flat} given
 * @param {any} before the offer, null for a new one
 */
export function inputOf(given, before) {
  const input = /** @type {Record<string, any>} */ (Object.fromEntries(PLAIN.map((name) => [name, given[name].trim() || null])));
  const texts = { ...before?.texts };
  for (const [code, suffix] of LANGUAGES) {
    texts[code] = Object.fromEntries(["name", "description"].map((part) => [part, given[`${part}${suffix}`].trim()]).filter(([, text]) => text));
    if (!Object.keys(texts[code]).length) delete texts[code];
  }
  const attributes = { ...before?.attributes };
  for (const name of ATTRIBUTES) {
    if (given[name].trim()) attributes[name] = given[name].trim();
    else delete attributes[name];
  }
  const known = new Map((before?.images ?? []).map((/** @type {any} */ each) => [each.url, each]));
  const images = given.images.split(/\s+/).filter(Boolean).map((url) => known.get(url) ?? { url });
  for (const name of DAYS) {
    // A day that was not touched keeps its time.
    input[name] = given[name] === before?.[name]?.slice(0, 10) ? before[name] : given[name] ? `${given[name]}T00:00:00Z` : null;
  }
  const price = minor(given.price) ?? null;
  return { ...input, texts, attributes, images, price, currency: given.currency || null, weightG: Number(given.weightG) || 0, ...(before && { version: before.version }) };
}

/**
 * What two people typed into the same form, from what both began with: mine where I changed something, else theirs.
 * @param {Flat} mine
 * @param {Flat} base
 * @param {Flat} theirs
 * @returns {Flat}
 */
export const merged = (mine, base, theirs) => Object.fromEntries(NAMES.map((name) => [name, same(mine, base, name) ? theirs[name] : mine[name]]));

/** Fields that are not the same. @param {Flat} one @param {Flat} other */
export const differing = (one, other) => NAMES.filter((name) => !same(one, other, name));

/** Browsers write lines their own way. @param {Flat} one @param {Flat} other @param {string} name */
const same = (one, other, name) => plain(one[name]) === plain(other[name]);
const plain = (/** @type {string | undefined} */ text) => (text ?? "").replace(/\r\n/g, "\n").trim();
