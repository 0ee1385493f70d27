/** Words in the user's language. A text is a string, or one per plural form (`one`, `other`) chosen by `count`. */
import { signal } from "@preact/signals";

/** @typedef {Record<string, string | Record<string, string>>} Words */

export const LANGUAGES = ["de", "en"];
export const language = signal("en");
const words = signal(/** @type {Words} */ ({}));

/**
 * Load the shared words and those of the app (`folder` is where they lie), and speak them from now on.
 * @param {string} wanted
 * @param {URL} folder
 */
export async function speak(wanted, folder) {
  const spoken = LANGUAGES.includes(wanted) ? wanted : "en";
  const places = [new URL(`./locales/${spoken}.json`, import.meta.url), new URL(`${spoken}.json`, folder)];
  const found = await Promise.all(places.map(async (place) => (await fetch(place)).json()));
  words.value = Object.assign({}, ...found);
  language.value = spoken;
  document.documentElement.lang = spoken;
}

/** What the browser asks for first, of the languages there are. */
export function preferred() {
  const wanted = navigator.languages.map((each) => each.slice(0, 2));
  return wanted.find((each) => LANGUAGES.includes(each)) ?? "en";
}

/**
 * The text of a key with its facts put in; a key without a text shows itself, so that it is found.
 * @param {string} key
 * @param {Record<string, string | number>} [facts]
 */
export function t(key, facts = {}) {
  const found = words.value[key] ?? key;
  const text = typeof found === "string" ? found : found[form(facts.count)] ?? found.other;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in facts ? shown(facts[name]) : whole));
}

/** Keys as they stand on the keyboard of whoever reads. @param {string} keys */
export const keyText = (keys) => keys.replace(/\bCtrl\b/, t("shell.ctrl"));

/** @param {string | number | undefined} count */
function form(count) {
  return new Intl.PluralRules(language.value).select(Number(count ?? 0));
}

/** @param {string | number} fact */
function shown(fact) {
  return typeof fact === "number" ? new Intl.NumberFormat(language.value).format(fact) : fact;
}
