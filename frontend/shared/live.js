/** What changes while it is shown. One tab of a browser leads: it holds the one socket, or asks now and then, and tells. */
import { onSignedOut } from "./api.js";
import { changesOf } from "./changes.js";
import { followedFrom, hearing, placeAt } from "./followed.js";
import { lead } from "./lead.js";
import { openLine } from "./socket.js";

const SEEN = 20_000, HIDDEN = 120_000; // milliseconds between looks of a tab that is seen, and one that is not
const SLOWEST = 60_000; // between attempts to connect

/** @typedef {import("./followed.js").Topic} Topic */
/** @typedef {import("./followed.js").Update} Update */
/** @typedef {import("./followed.js").Followed} Followed */

/** @type {Map<string, Set<(update: Update) => void>>} */
const listeners = new Map();
/** What this tab follows, and while it leads what the others do. @type {Map<string, Followed>} */
const followed = new Map();

let channel = /** @type {BroadcastChannel | null} */ (null);
let line = /** @type {import("./socket.js").Line | null} */ (null);
let leave = /** @type {(() => void) | null} */ (null); // the end of this tab's wish to lead
let leading = false;
let ready = false; // the socket is open and accepted
let failures = 0, lookedAt = 0;
let again = 0, ticking = 0; // timers

/**
 * Hear what changes of a list from now on; the end of it is what is returned. An update may be told twice.
 * @param {Topic} topic
 * @param {(update: Update) => void} changed
 */
export function follow(topic, changed) {
  const there = listeners.get(topic.name) ?? new Set();
  listeners.set(topic.name, there.add(changed));
  begin();
  want(topic);
  channel?.postMessage({ wanted: topic });
  return () => {
    if (there.delete(changed) && !there.size) unwant(topic.name);
  };
}

/** Nobody here listens any more; what no tab wants is not told any more. @param {string} name */
function unwant(name) {
  listeners.delete(name);
  drop(name);
  channel?.postMessage({ unwanted: name });
}

/** @param {string} name */
const drop = (name) => followed.delete(name) && ready && line?.unsubscribe(name);

/** Whoever was signed in hears nothing more, and nothing of it is told to the next. */
export function stop() {
  listeners.clear();
  followed.clear();
  clearTimeout(again);
  clearInterval(ticking);
  ticking = 0;
  hangUp();
  leave?.();
  leave = null;
  leading = false;
  channel?.close();
  channel = null;
}
onSignedOut.add(stop);
addEventListener("online", connect);

function begin() {
  if (channel) return;
  channel = new BroadcastChannel("kontor-live");
  channel.onmessage = ({ data }) => hear(data);
  ticking = setInterval(tick, SEEN);
  leave = lead("kontor-live", () => {
    leading = true;
    channel?.postMessage({ leads: true });
    connect();
  });
}

/**
 * What another tab says.
 * @param {{wanted?: Topic, since?: string | null, unwanted?: string, leads?: boolean, looks?: boolean, name?: string, update?: Update}} said
 */
function hear({ wanted, since, unwanted, leads, looks, name, update }) {
  if (wanted && leading) want(wanted, since);
  const mine = unwanted && listeners.get(unwanted)?.size ? followed.get(unwanted) : null;
  if (mine) channel?.postMessage({ wanted: mine.topic, since: mine.since });
  else if (unwanted) drop(unwanted);
  if (leads) followed.forEach(({ topic }) => channel?.postMessage({ wanted: topic }));
  if (looks && leading && !ready && Date.now() - lookedAt >= SEEN / 2) look();
  const it = name && followed.get(name);
  if (it && update) tellHere(it, update);
}

/**
 * Follow a list for whichever tab asks: from where it stands now, or `since` then, whoever leads later.
 * @param {Topic} topic
 * @param {string | null} [since]
 */
function want(topic, since = null) {
  if (followed.has(topic.name)) return;
  const it = followedFrom(topic, since);
  followed.set(topic.name, it);
  (ready ? subscribe : catchUp)(it);
}

/** @param {Followed} it @param {Update} update */
function tellHere(it, update) {
  hearing(it, update);
  listeners.get(it.topic.name)?.forEach((changed) => changed(update));
}

/** Tell every tab, unless this very version was told. @param {Followed} it @param {Update} update */
function spread(it, update) {
  if (update.node && it.heard.get(update.id) === update.node.updatedAt) return;
  channel?.postMessage({ name: it.topic.name, update });
  tellHere(it, update);
}

// --- the socket ----------------------------------------------------------------------------------------------------

function connect() {
  if (!leading || line) return;
  clearTimeout(again);
  line = openLine({
    ready() {
      ready = true;
      followed.forEach(subscribe);
    },
    told(id, data) {
      const it = followed.get(id);
      if (it) spread(it, /** @type {any} */ (Object.values(data)[0]));
    },
    refused: (id) => followed.delete(id), // nothing of it is for this person
    lost,
  });
}

/** From where it ended on. @param {Followed} it */
async function subscribe(it) {
  const mine = line;
  try {
    if (!it.since) await place(it);
  } catch {
    if (mine === line) lost(false);
  }
  if (mine === line && ready) line?.subscribe(it.topic.name, it.topic.subscription, { ...it.topic.variables, changedSince: it.since });
}

/** @param {boolean} unknown the server does not know who asks: looking tells everybody */
function lost(unknown) {
  if (!leading) return;
  hangUp();
  failures += 1;
  look();
  if (!unknown) again = setTimeout(connect, Math.min(SLOWEST, 1000 * 2 ** (failures - 1)) * (0.5 + Math.random() / 2));
}

function hangUp() {
  ready = false;
  line?.close();
  line = null;
}

// --- without a socket ----------------------------------------------------------------------------------------------

/** Every tab that is seen looks, or has the leader look; a leader nobody sees looks seldom. */
function tick() {
  const seen = document.visibilityState === "visible";
  if (leading && ready) {
    failures = 0; // it held
    line?.ping();
  } else if (leading) {
    if (seen || Date.now() - lookedAt >= HIDDEN) look();
  } else if (seen) {
    channel?.postMessage({ looks: true });
  }
}

function look() {
  lookedAt = Date.now();
  followed.forEach(catchUp);
}

/** @param {Followed} it */
async function catchUp(it) {
  try {
    if (!it.since) return await place(it);
    const rows = await changesOf(it.topic, it.since);
    for (const node of rows.reverse()) spread(it, { id: node.id, gone: false, node });
  } catch {
    // Away: the next look finds it. Who is signed out has been told.
  }
}

/** @param {Followed} it */
const place = async (it) => placeAt(it, await changesOf(it.topic, null));
