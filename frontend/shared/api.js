/** Questions to the server: one way for errors, one for retries. */
import { language } from "./messages.js";

const AGAIN_AFTER = 400; // milliseconds
const STATES_OF_PASSAGE = [502, 503, 504];

/** @typedef {{code: string, message: string, path?: (string | number)[], details?: Record<string, any>}} Problem */

/** Why something was refused or failed; `reference` names the request in the server's log. */
export class Refused extends Error {
  /**
   * @param {Problem} problem
   * @param {string | null} [reference]
   */
  constructor(problem, reference = null) {
    super(problem.message);
    this.code = problem.code;
    this.path = problem.path ?? [];
    this.details = problem.details ?? {};
    this.reference = reference;
  }
}

/** Told when the server no longer knows who asks. @type {Set<() => void>} */
export const onSignedOut = new Set();

/**
 * The data of a GraphQL document. A question is asked once more when the network or the server was away for a moment;
 * a mutation is not, unless `again` says that doing it twice does no harm, or a `key` names it: then it is done once,
 * however often it is sent. Throws `Refused`.
 * @param {string} document
 * @param {Record<string, any>} [variables]
 * @param {{signal?: AbortSignal, again?: boolean, key?: string}} [options]
 */
export async function ask(document, variables = {}, { signal, key, again = Boolean(key) || !/^\s*mutation\b/.test(document) } = {}) {
  const body = JSON.stringify({ query: document, variables });
  const headers = { "content-type": "application/json", "accept-language": language.value, ...(key && { "idempotency-key": key }) };
  const answer = await fetched("/graphql", { method: "POST", headers, body, signal }, again);
  const reference = answer.headers.get("x-request-id");
  const { data, errors } = await json(answer, reference);
  if (errors?.length) {
    const { message, path, extensions = {} } = errors[0];
    if (extensions.code === "UNAUTHENTICATED") onSignedOut.forEach((tell) => tell());
    throw new Refused({ code: extensions.code ?? "ERROR", message, path, details: extensions }, reference);
  }
  return data;
}

/**
 * The result of a mutation; a refusal among its possible results is thrown.
 * @param {string} document
 * @param {Record<string, any>} variables
 * @param {{again?: boolean, key?: string}} [options]
 */
export async function change(document, variables, options) {
  const data = await ask(document, variables, options);
  const [result] = Object.values(data);
  if (result && "code" in result && "message" in result) throw new Refused(result);
  return result;
}

/**
 * A page beside GraphQL that speaks JSON. Throws `Refused`.
 * @param {string} address
 * @param {RequestInit} [options]
 */
export async function call(address, options = {}) {
  const headers = { "content-type": "application/json", "accept-language": language.value };
  const answer = await fetched(address, { headers, ...options }, false);
  const reference = answer.headers.get("x-request-id");
  if (answer.status === 204 || answer.headers.get("content-length") === "0") return null;
  const found = await json(answer, reference);
  if (!answer.ok) throw new Refused(found.errors[0], reference);
  return found;
}

/**
 * @param {string} address
 * @param {RequestInit} options
 * @param {boolean} again
 */
async function fetched(address, options, again) {
  try {
    const answer = await fetch(address, options);
    if (!again || !STATES_OF_PASSAGE.includes(answer.status)) return answer;
  } catch (problem) {
    if (options.signal?.aborted) throw problem;
    if (!again) throw away();
  }
  await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER));
  try {
    return await fetch(address, options);
  } catch (problem) {
    if (options.signal?.aborted) throw problem;
    throw away();
  }
}

function away() {
  return new Refused({ code: navigator.onLine ? "SERVER_AWAY" : "OFFLINE", message: "" });
}

/**
 * @param {Response} answer
 * @param {string | null} reference
 */
async function json(answer, reference) {
  try {
    return await answer.json();
  } catch {
    throw new Refused({ code: "SERVER_AWAY", message: `HTTP ${answer.status}` }, reference);
  }
}
