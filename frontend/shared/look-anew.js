/** Lists that are followed as long as something is shown, whether or not what follows them is loaded yet. */
import { me } from "./auth.js";

/** @typedef {import("./live.js").Topic} Topic */

const SOON = 150; // milliseconds: what changes together is read together

/** Loaded once the first screen is there. */
export const live = () => import("./live.js");

/**
 * As `follow` of live lists, whether or not it is loaded yet.
 * @param {Topic} topic
 * @param {(update: import("./live.js").Update) => void} changed
 */
export function following(topic, changed) {
  const person = me.peek();
  let over = false;
  let leave = () => {};
  live().then(({ follow }) => {
    if (!over && me.peek() === person) leave = follow(topic, changed);
  });
  return () => {
    over = true;
    leave();
  };
}

/**
 * Look anew when something changed, however much at once; while the page is busy it waits. The end of it is what is
 * returned.
 * @param {Topic | Topic[]} topics
 * @param {() => void} look
 * @param {() => boolean} busy
 */
export function lookAnew(topics, look, busy) {
  let timer = 0;
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => (busy() ? soon() : look()), SOON);
  };
  const ends = [topics].flat().map((topic) => following(topic, soon));
  return () => {
    clearTimeout(timer);
    ends.forEach((end) => end());
  };
}
