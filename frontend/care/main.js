/** Customer care: sign in, then what the address says. */
import { me, recognize } from "../shared/auth.js";
import { Failure } from "../shared/components/failure.js";
import { keepFocus } from "../shared/focus.js";
import { language, preferred, speak } from "../shared/messages.js";
import { follow } from "../shared/router.js";
import { effect, html, render, signal } from "../shared/ui.js";
import { Care } from "./routes.js";

const LOCALES = new URL("./locales/", import.meta.url);
const problem = signal(/** @type {any} */ (null));

async function begin() {
  problem.value = null;
  try {
    await recognize();
  } catch (failed) {
    problem.value = failed;
  }
}

function App() {
  if (problem.value) return html`<main class="alone"><${Failure} problem=${problem.value} retry=${begin} /></main>`;
  return me.value === undefined ? null : html`<${Care} />`;
}

follow("/care");
keepFocus();
await speak(preferred(), LOCALES);
await begin();
effect(() => {
  const wanted = me.value?.language;
  if (wanted && wanted !== language.peek()) speak(wanted, LOCALES);
});
render(html`<${App} />`, /** @type {HTMLElement} */ (document.getElementById("app")));
