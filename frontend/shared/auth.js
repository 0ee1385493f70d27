/** Who is signed in. */
import { signal } from "@preact/signals";
import { ask, call, onSignedOut } from "./api.js";

/**
 * @typedef {{name: string, email: string | null, role: string | null, language: string | null, permissions: string[],
 *   partnerId: string | null}} Me
 */

/** The person, null for nobody, undefined as long as it is not known. */
export const me = signal(/** @type {Me | null | undefined} */ (undefined));

onSignedOut.add(() => {
  me.value = null;
});

const ME = "query Me { me { name permissions partnerId user { email role language } } }";

/** Ask the server who this is. Throws `Refused`. */
export async function recognize() {
  const { me: found } = await ask(ME);
  me.value = found && { ...found.user, name: found.name, permissions: found.permissions, partnerId: found.partnerId };
}

/**
 * Throws `Refused`.
 * @param {string} email
 * @param {string} password
 */
export async function signIn(email, password) {
  me.value = await call("/auth/sign-in", { method: "POST", body: JSON.stringify({ email, password }) });
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
