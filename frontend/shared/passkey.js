/** Passkeys in the browser: what the server sends and takes is JSON, what browsers speak is bytes. */
import { Refused } from "./api.js";

/** Whether this page can use passkeys: browsers know none for bare addresses. */
export function passkeysWork() {
  return "PublicKeyCredential" in window && !/^[\d.]+$|^\[/.test(location.hostname);
}

/** Make a passkey; throws `Refused` when the person or the device did not. @param {any} options */
export async function makePasskey(options) {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: (options.excludeCredentials ?? []).map(withBytes),
  };
  const made = /** @type {PublicKeyCredential} */ (await asked(() => navigator.credentials.create({ publicKey })));
  const response = /** @type {AuthenticatorAttestationResponse} */ (made.response);
  return {
    ...about(made),
    response: { clientDataJSON: text(response.clientDataJSON), attestationObject: text(response.attestationObject), transports: response.getTransports?.() ?? [] },
  };
}

/** Sign with a passkey; throws `Refused` when the person or the device did not. @param {any} options */
export async function usePasskey(options) {
  const publicKey = { ...options, challenge: bytes(options.challenge), allowCredentials: (options.allowCredentials ?? []).map(withBytes) };
  const made = /** @type {PublicKeyCredential} */ (await asked(() => navigator.credentials.get({ publicKey })));
  const response = /** @type {AuthenticatorAssertionResponse} */ (made.response);
  return {
    ...about(made),
    response: {
      clientDataJSON: text(response.clientDataJSON),
      authenticatorData: text(response.authenticatorData),
      signature: text(response.signature),
      userHandle: response.userHandle ? text(response.userHandle) : null,
    },
  };
}

/** @param {() => Promise<Credential | null>} ask */
async function asked(ask) {
  try {
    const found = await ask();
    if (found) return found;
  } catch (/** @type {any} */ problem) {
    if (problem.name === "InvalidStateError") throw new Refused({ code: "PASSKEY_HERE", message: "" });
  }
  throw new Refused({ code: "PASSKEY_STOPPED", message: "" });
}

/** @param {PublicKeyCredential} made */
function about(made) {
  const kind = made.authenticatorAttachment ?? undefined;
  return { id: made.id, rawId: text(made.rawId), type: made.type, authenticatorAttachment: kind, clientExtensionResults: made.getClientExtensionResults() };
}

/** @param {any} each */
const withBytes = (each) => ({ ...each, id: bytes(each.id) });

/** @param {string} given base64url */
function bytes(given) {
  return Uint8Array.from(atob(given.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
}

/** @param {ArrayBuffer} given */
function text(given) {
  const letters = Array.from(new Uint8Array(given), (byte) => String.fromCharCode(byte)).join("");
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
