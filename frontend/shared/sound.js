/** Short sounds for who looks at the goods and not at the screen; switched off they stay off in this browser. */
import { signal } from "./ui.js";

const OFF = "sound off";
const TONES = { ok: [880, 0.08], bad: [220, 0.35] };

export const sounds = signal(localStorage.getItem(OFF) === null);
let device = /** @type {AudioContext | null} */ (null);

/** @param {boolean} on */
export function switchSounds(on) {
  sounds.value = on;
  if (on) localStorage.removeItem(OFF);
  else localStorage.setItem(OFF, "yes");
}

/** @param {keyof typeof TONES} kind */
export function sound(kind) {
  if (!sounds.value || typeof AudioContext === "undefined") return;
  device ??= new AudioContext();
  const [pitch, seconds] = TONES[kind];
  const tone = device.createOscillator();
  tone.frequency.value = pitch;
  tone.connect(device.destination);
  tone.start();
  tone.stop(device.currentTime + seconds);
}
