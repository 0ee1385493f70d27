/** A map of places: outlines of countries, a mark for each place, lines between them. Whoever shows one has a table with the same beside it. */
import { REGIONS } from "../regions.js";
import { html, useEffect, useRef, useSignal } from "../ui.js";

const EDGE = 36; // pixels that stay free around the outermost places
const SHALLOW = 0.6; // height by width
const HIGHEST = 380; // pixels
const NEAREST = 3; // degrees that are shown at least, so that places close by do not fill the map with nothing
const LETTER = 6.6; // pixels a letter is wide, about
const LINE = 16; // pixels a name is high

/**
 * `look` names the mark, and the class it is styled by; names of places with `named` are written where there is room.
 * @typedef {"here" | "chosen" | "second" | "other" | "dropped"} Look
 * @typedef {{key: string, name: string, look: Look, latitude: number, longitude: number, named?: boolean}} Spot
 * @typedef {{x: number, y: number}} Point
 * @typedef {{place: (spot: {latitude: number, longitude: number}) => Point, transform: string, height: number}} Plan
 */

/**
 * @param {{label: string, spots: Spot[], ways: {from: string, to: string, look: Look}[], country?: string | null}} props
 */
export function MapSvg({ label, spots, ways, country }) {
  const self = useRef(/** @type {HTMLElement | null} */ (null));
  const width = useSignal(0);
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => { width.value = Math.round(entry.contentRect.width); });
    if (self.current) watch.observe(self.current);
    return () => watch.disconnect();
  }, []);
  const plan = width.value && spots.length ? planOf(spots, width.value) : null;
  return html`<div ref=${self} class="map">${plan && drawn(plan)}</div>`;

  /** @param {Plan} found */
  function drawn({ place, transform, height }) {
    const at = new Map(spots.map((spot) => [spot.key, place(spot)]));
    const names = namesAt(spots.filter((each) => each.named).map((each) => ({ name: each.name, ...place(each) })), width.value, height);
    return html`<svg viewBox=${`0 0 ${width.value} ${height}`} width=${width.value} height=${height} role="img" aria-label=${label}>
      <g transform=${transform}>${Object.entries(REGIONS).map(([code, path]) => html`<path key=${code} class=${code === country ? "region there" : "region"} d=${path} />`)}</g>
      ${ways.map(({ from, to, look }) => line(`${from}-${to}`, at.get(from), at.get(to), look))}
      ${spots.map((spot) => html`<g key=${spot.key} transform=${`translate(${place(spot).x} ${place(spot).y})`}><${Mark} look=${spot.look} /></g>`)}
      ${names.map((each) => html`<text key=${each.name} x=${each.x} y=${each.y} text-anchor=${each.anchor}>${each.name}</text>`)}
    </svg>`;
  }
}

/** @param {string} key @param {Point | undefined} from @param {Point | undefined} to @param {Look} look */
const line = (key, from, to, look) => from && to && html`<line key=${key} class=${`way ${look}`} x1=${from.x} y1=${from.y} x2=${to.x} y2=${to.y} />`;

/** The mark alone, for a legend. @param {{look: Look}} props */
export const Sign = ({ look }) => html`<svg class="sign" viewBox="-9 -9 18 18" width="18" height="18" aria-hidden="true"><${Mark} look=${look} /></svg>`;

/** Marks differ in shape, not in color alone. @param {{look: Look}} props */
function Mark({ look }) {
  if (look === "here") return html`<path class="mark here" d="M0-8 8-1H5V7H-5V-1H-8Z" />`;
  if (look === "chosen") return html`<circle class="mark chosen" r="7" />`;
  if (look === "second") return html`<path class="mark second" d="M0-8 8 0 0 8-8 0Z" />`;
  if (look === "other") return html`<circle class="mark other" r="5" />`;
  return html`<path class="mark dropped" d="M-4-4 4 4M4-4-4 4" />`;
}

/**
 * How degrees become pixels (equirectangular, true to scale in the middle), and how high the map is.
 * @param {{latitude: number, longitude: number}[]} spots at least one
 * @param {number} width pixels
 * @returns {Plan}
 */
export function planOf(spots, width) {
  const height = Math.min(HIGHEST, Math.round(width * SHALLOW));
  const [south, north] = span(spots.map((each) => each.latitude));
  const [west, east] = span(spots.map((each) => each.longitude));
  const narrow = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const scale = Math.min((width - 2 * EDGE) / ((east - west) * narrow), (height - 2 * EDGE) / (north - south));
  const left = width / 2 - ((west + east) / 2) * narrow * scale;
  const top = height / 2 + ((south + north) / 2) * scale;
  return {
    place: ({ latitude, longitude }) => ({ x: rounded(left + longitude * narrow * scale), y: rounded(top - latitude * scale) }),
    transform: `translate(${rounded(left)} ${rounded(top)}) scale(${(narrow * scale) / 20} ${scale / 20})`,
    height,
  };
}

/** @param {number} value */
const rounded = (value) => Math.round(value * 10) / 10;

/** From the least to the most, and wide enough. @param {number[]} values */
function span(values) {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const missing = Math.max(0, NEAREST - (most - least)) / 2;
  return [least - missing, most + missing];
}

/**
 * Where names are written: right of the mark, left, below or above, the first that covers no other name, no mark and no
 * edge; a name without such a place is left out (the table has it).
 * @param {{name: string, x: number, y: number}[]} marks
 * @param {number} width
 * @param {number} height
 */
export function namesAt(marks, width, height) {
  /** @type {{left: number, top: number, right: number, bottom: number}[]} */
  const taken = marks.map(({ x, y }) => ({ left: x - 8, right: x + 8, top: y - 8, bottom: y + 8 }));
  return marks.flatMap(({ name, x, y }) => {
    const long = name.length * LETTER;
    const ways = [
      { anchor: "start", x: x + 12, y: y + 4, left: x + 12 },
      { anchor: "end", x: x - 12, y: y + 4, left: x - 12 - long },
      { anchor: "middle", x, y: y + 22, left: x - long / 2 },
      { anchor: "middle", x, y: y - 13, left: x - long / 2 },
    ];
    for (const way of ways) {
      const box = { left: way.left, right: way.left + long, top: way.y - LINE + 4, bottom: way.y + 4 };
      const inside = box.left >= 0 && box.right <= width && box.top >= 0 && box.bottom <= height;
      if (!inside || taken.some((each) => box.left < each.right && each.left < box.right && box.top < each.bottom && each.top < box.bottom)) continue;
      taken.push(box);
      return [{ name, x: way.x, y: way.y, anchor: way.anchor }];
    }
    return [];
  });
}
