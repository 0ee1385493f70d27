/** Who is signed in. */
import { signal } from "@preact/signals";
import { ask, call, onSignedOut } from "./api.js";

/**
 * @typedef {{id: string, name: string, email: string | null, role: string | null, language: string | null, permissions: string[],
 *   partnerId: string | null}} Me
 */

/** The person, null for nobody, undefined as long as it is not known. */
export const me = signal(/** @type {Me | null | undefined} */ (undefined));

onSignedOut.add(() => {
  me.value = null;
});

const WHOSE = "whose"; // who the tab was of last
const ME = "query Me { me { id name permissions partnerId user { email role language } } }";

/** Ask the server who this is. Throws `Refused`. */
export async function recognize() {
  const { me: found } = await ask(ME);
  know(found && { ...found.user, id: found.id, name: found.name, permissions: found.permissions, partnerId: found.partnerId });
}

/** What somebody typed in this tab waits for them, and for nobody else who signs in here. @param {Me | null} person */
function know(person) {
  const who = person && (person.email ?? person.name);
  if (who) {
    if (sessionStorage.getItem(WHOSE) !== who) sessionStorage.clear();
    sessionStorage.setItem(WHOSE, who);
  }
  me.value = person;
}

/**
 * One step of signing in. The answer is the person, who is signed in then, or names the step that waits for a code.
 * Throws `Refused`.
 * @param {string} address
 * @param {Record<string, any>} given
 * @returns {Promise<string | null>} the step that waits for a code
 */
export async function enter(address, given) {
  const found = await call(address, { method: "POST", body: JSON.stringify(given) });
  if (found.secondFactor) return found.secondFactor;
  know(found);
  return null;
}

/**
 * What a page beside GraphQL answers without anybody being signed in. Throws `Refused`.
 * @param {string} address
 * @param {Record<string, any>} given
 */
export function tellServer(address, given) {
  return call(address, { method: "POST", body: JSON.stringify(given) });
}

/** What was typed and kept in this tab goes with the session. */
export async function signOut() {
  await call("/auth/sign-out", { method: "POST" });
  sessionStorage.clear();
  me.value = null;
}

/** @param {string} permission */
export function may(permission) {
  return me.value?.permissions.includes(permission) ?? false;
}
