/** Where the places of a decision are: the map, and the same as a table. */
import { MapSvg, Sign } from "../../shared/components/map-svg.js";
import { country, date, money } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";

/** @typedef {import("../../shared/components/map-svg.js").Look} Look */
/** @typedef {{key: string, name: string, look: Look, spot: {latitude: number, longitude: number} | null, arrivesOn: string | null, cost: any}} Row */

const HERE = "destination";
const RANK = /** @type {Look[]} */ (["here", "chosen", "second", "other", "dropped"]);

/** `address` is where the goods go. @param {{view: any, address: any}} props */
export function WhyMap({ view, address }) {
  const rows = rowsOf(view, address);
  const spots = rows.flatMap(({ spot, ...row }) => (spot ? [{ ...row, ...spot, named: row.look !== "dropped" && row.look !== "other" }] : []));
  const ways = rows.filter((each) => each.look === "chosen" || each.look === "second").map((each) => ({ from: each.key, to: HERE, look: each.look }));
  const shown = rows.filter((each) => each.look !== "dropped");
  const dropped = rows.filter((each) => each.look === "dropped" && each.spot);
  return html`<div class="where">
    ${spots.length > 0 && html`<${MapSvg} label=${t("map.label", { places: view.chosen.map((/** @type {any} */ each) => each.place).join(", ") || "–" })} spots=${spots} ways=${ways} country=${address?.country} />`}
    <table class="legend"><caption>${t("map.places")}</caption>
      <thead class="unseen"><tr><th scope="col">${t("map.place")}</th><th scope="col">${t("map.what")}</th><th scope="col">${t("map.there")}</th><th scope="col">${t("map.cost")}</th></tr></thead>
      <tbody>${shown.map((each) => html`<tr key=${each.key}><th scope="row"><${Sign} look=${each.look} /> ${each.name}</th>
        <td>${t(`map.look.${each.look}`)}${!each.spot && html` <span class="muted">${t("map.unknown")}</span>`}</td>
        <td>${each.arrivesOn ? date(each.arrivesOn) : ""}</td><td class="number">${each.cost ? money(each.cost) : ""}</td></tr>`)}
        ${dropped.length > 0 && html`<tr><th scope="row"><${Sign} look="dropped" /> ${t("map.dropped", { count: dropped.length })}</th><td>${t("map.look.dropped")}</td><td></td><td></td></tr>`}
      </tbody></table>
  </div>`;
}

/** Each place once, as the best that it is; the destination first. @param {any} view @param {any} address @returns {Row[]} */
export function rowsOf(view, address) {
  const found = /** @type {Map<string, Row>} */ (new Map());
  const add = (/** @type {any[]} */ places, /** @type {Look} */ look) => {
    for (const each of places) if (!found.has(each.locationId)) found.set(each.locationId, { key: each.locationId, name: each.place, look, spot: each.spot, arrivesOn: each.arrivesOn ?? null, cost: each.cost ?? null });
  };
  add(view.chosen, "chosen");
  const known = new Map(view.considered.map((/** @type {any} */ each) => [each.locationId, each]));
  add(view.runnerUpPlaces.map((/** @type {any} */ each) => ({ ...each, arrivesOn: known.get(each.locationId)?.arrivesOn })), "second");
  add(view.considered.filter((/** @type {any} */ each) => !each.missing), "other");
  add(view.considered.filter((/** @type {any} */ each) => each.missing), "other");
  add(view.dropped, "dropped");
  const rows = [...found.values()];
  if (address) {
    const spot = address.latitude === null || address.longitude === null ? null : { latitude: address.latitude, longitude: address.longitude };
    rows.push({ key: HERE, name: `${address.postalCode} ${address.city}, ${country(address.country)}`, look: "here", spot, arrivesOn: null, cost: null });
  }
  return rows.sort((one, other) => RANK.indexOf(one.look) - RANK.indexOf(other.look));
}
