/** The parcels that leave: one is usual, more can be added. */
import { t } from "../../shared/messages.js";
import { html, useSignal } from "../../shared/ui.js";

const KEPT = "carrier"; // the one used last is proposed again

/**
 * `proposed` are the carriers the company ships with.
 * @param {{busy: boolean, ship: (parcels: any[]) => void, proposed?: string[]}} props
 */
export function ShipForm({ busy, ship, proposed = [] }) {
  const parcels = useSignal([0]);

  function submit(/** @type {SubmitEvent} */ event) {
    event.preventDefault();
    const given = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const numbers = given.getAll("tracking");
    const carriers = given.getAll("carrier").map(String);
    localStorage.setItem(KEPT, carriers[0] ?? "");
    ship(carriers.map((carrier, at) => ({ carrier: carrier.trim() || null, trackingNumber: String(numbers[at]).trim() || null })));
  }

  return html`<form class="part" onSubmit=${submit}><h2>${t("ship.title")}</h2>
    ${parcels.value.map((number) => html`<${Parcel} key=${number} number=${number} proposed=${proposed} />`)}
    <p class="muted">${t("ship.follows")}</p>
    <div class="row"><button class="button main" aria-disabled=${busy}>${t("ship.do")}</button>
      <button type="button" class="button" onClick=${() => { parcels.value = [...parcels.value, parcels.value.length]; }}>${t("ship.another")}</button></div>
  </form>`;
}

/** @param {{number: number, proposed: string[]}} props */
function Parcel({ number, proposed }) {
  return html`<fieldset class="row"><legend>${t("ship.parcel", { number: number + 1 })}</legend>
    <div class="field"><label for=${`c-${number}`}>${t("ship.carrier")}</label>
      <input id=${`c-${number}`} name="carrier" maxlength="60" autocomplete="off" list=${proposed.length ? "carriers" : undefined} defaultValue=${localStorage.getItem(KEPT) ?? proposed[0] ?? ""} />
      ${proposed.length > 0 && number === 0 && html`<datalist id="carriers">${proposed.map((each) => html`<option key=${each} value=${each} />`)}</datalist>`}</div>
    <div class="field"><label for=${`n-${number}`}>${t("ship.tracking")}</label>
      <input id=${`n-${number}`} name="tracking" maxlength="100" autocomplete="off" /></div>
  </fieldset>`;
}
