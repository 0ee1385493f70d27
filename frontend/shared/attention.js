/** What makes a person look: a number in the title and a sound, for who switched it on in this browser. */
import { effect, signal } from "@preact/signals";
import { me } from "./auth.js";

/** How many new things came since the page was last looked at. */
export const unseen = signal(0);
/** Whether the person wants to be called. */
export const calls = signal(false);

const key = () => `calls ${me.value?.email}`;
let sound = /** @type {AudioContext | null} */ (null);

effect(() => {
  calls.value = Boolean(me.value) && localStorage.getItem(key()) === "yes";
  if (!me.value) unseen.value = 0;
});

/** Switching it on sounds at once: a browser lets a page sound only after a click, and the person hears what it will be. */
export function switchCalls() {
  calls.value = !calls.value;
  localStorage.setItem(key(), calls.value ? "yes" : "no");
  unseen.value = 0;
  if (calls.value) ring();
}

/** Something new came: count it, and sound, if that is wanted. */
export function call() {
  if (!calls.value) return;
  if (document.visibilityState !== "visible" || !document.hasFocus()) unseen.value += 1;
  ring();
}

/** Two short tones, made here: nothing is loaded for it. */
function ring() {
  sound ??= new AudioContext();
  if (sound.state === "suspended") sound.resume();
  const now = sound.currentTime;
  [660, 880].forEach((pitch, at) => {
    const tone = new OscillatorNode(/** @type {AudioContext} */ (sound), { frequency: pitch });
    const volume = new GainNode(/** @type {AudioContext} */ (sound), { gain: 0.1 });
    tone.connect(volume).connect(/** @type {AudioContext} */ (sound).destination);
    tone.start(now + at * 0.15);
    tone.stop(now + at * 0.15 + 0.12);
  });
}

function looked() {
  if (document.visibilityState === "visible" && document.hasFocus()) unseen.value = 0;
}
addEventListener("focus", looked);
document.addEventListener("visibilitychange", looked);
