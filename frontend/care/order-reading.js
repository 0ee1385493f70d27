/** The page of an order where its one question is not answered: part by part, so that one that fails takes no other. */
import { ask } from "../shared/api.js";
import * as questions from "./operations/order.js";

/** @typedef {"work" | "money" | "back" | "files" | "person" | "cases" | "story" | "messages"} Part */

const NOBODY = { entries: [], endCursor: null };
/** What stands for a part that could not be read, so that the others can be shown. @type {Record<Part, {question: string, order?: any, beside?: any}>} */
const PARTS = {
  work: { question: questions.ORDER_WORK, order: { fulfillmentOrders: [], shipments: [], routingLock: null } },
  money: { question: questions.ORDER_MONEY, order: { payments: [], refunds: [], goodwill: [], invoices: [], creditNotes: [] } },
  back: { question: questions.ORDER_BACK, order: { returns: [], exchanges: [], claims: [] } },
  files: { question: questions.ORDER_FILES, order: { documents: [] } },
  person: { question: questions.ORDER_PERSON, beside: { person: null } },
  cases: { question: questions.ORDER_CASES, beside: { cases: { nodes: [] } } },
  story: { question: questions.ORDER_STORY, beside: { story: NOBODY } },
  messages: { question: questions.ORDER_MESSAGES, beside: { messages: NOBODY, received: { nodes: [], pageInfo: { hasNextPage: false } } } },
};
/**
 * An order part by part; `lost` says why which parts are missing. Throws `Refused` where not even its head can be read.
 * @param {{id?: string, number?: string}} key
 * @returns {Promise<any>}
 */
export async function readInParts(key) {
  const found = { ...await ask(questions.ORDER_HEAD, key), lost: {} };
  return found.order ? withParts(found, key, /** @type {Part[]} */ (Object.keys(PARTS))) : found;
}

/**
 * The order with these parts read anew, each by itself.
 * @param {any} found
 * @param {{id?: string, number?: string}} key
 * @param {Part[]} parts
 */
export async function withParts(found, key, parts) {
  const answers = await Promise.allSettled(parts.map((part) => ask(PARTS[part].question, key)));
  const made = { ...found, order: { ...found.order }, lost: { ...found.lost } };
  answers.forEach((answer, at) => {
    const part = parts[at];
    const { order, beside } = PARTS[part];
    const there = answer.status === "fulfilled";
    if (there) delete made.lost[part];
    else made.lost[part] = answer.reason;
    const read = there ? answer.value : { order, ...beside };
    if (order) Object.assign(made.order, read.order ?? order);
    else Object.assign(made, read);
  });
  return made;
}
