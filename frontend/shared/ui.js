/** What every component is made of. Templates escape what they show by construction. */
import htm from "htm";
import { h } from "preact";

export const html = htm.bind(h);
export { computed, effect, signal, untracked, useComputed, useSignal } from "@preact/signals";
export { render } from "preact";
export { useEffect, useRef } from "preact/hooks";
