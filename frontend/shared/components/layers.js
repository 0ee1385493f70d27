/** What lies over a page when it is asked for: the palette of all that can be done (Ctrl K), and the keys (?). */
import { keyText, t } from "../messages.js";
import { go } from "../router.js";
import { known, layer, letters, switchLetters } from "../shortcuts.js";
import { html, useEffect, useRef, useSignal } from "../ui.js";

/** @param {{sections: {path: string, label: string, letter?: string}[]}} props */
export function Layers({ sections }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => dialog.current?.showModal(), []);
  const close = () => { layer.value = null; };
  const Content = layer.value === "help" ? Help : Palette;
  return html`<dialog ref=${dialog} class="layer" aria-label=${t(`layer.${layer.value ?? "palette"}`)} onClose=${close}
    onClick=${(/** @type {MouseEvent} */ event) => event.target === dialog.current && dialog.current?.close()}>
    <${Content} sections=${sections} close=${() => dialog.current?.close()} />
  </dialog>`;
}

/** @param {{sections: {path: string, label: string}[], close: () => void}} props */
function Palette({ sections, close }) {
  const wanted = useSignal("");
  const list = useRef(/** @type {HTMLUListElement | null} */ (null));
  const all = [
    ...known.value.map((each) => ({ text: t(each.label), keys: each.keys ?? "", run: each.run })),
    ...sections.map((each) => ({ text: t("palette.go", { section: t(each.label) }), keys: "", run: () => go(each.path) })),
  ];
  const found = all.filter((each) => each.text.toLowerCase().includes(wanted.value.trim().toLowerCase()));
  const choose = (/** @type {{run: () => void}} */ each) => {
    close();
    each.run();
  };
  /** @param {KeyboardEvent} event */
  function move(event) {
    const by = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowUp: -1 })[event.key];
    const rows = /** @type {HTMLElement[]} */ ([...(list.current?.querySelectorAll("button") ?? [])]);
    if (event.key === "Enter" && event.target instanceof HTMLInputElement && found[0]) {
      event.preventDefault();
      choose(found[0]);
    }
    if (!by || !rows.length) return;
    event.preventDefault();
    rows[Math.max(0, Math.min(rows.length - 1, rows.indexOf(/** @type {HTMLElement} */ (document.activeElement)) + by))].focus();
  }
  return html`<div class="stack" onKeyDown=${move}>
    <input class="control" type="search" autofocus autocomplete="off" aria-label=${t("palette.find")} placeholder=${t("palette.find")}
      onInput=${(/** @type {Event} */ event) => { wanted.value = /** @type {HTMLInputElement} */ (event.target).value; }} />
    <ul role="list" ref=${list}>${found.map((each) => html`<li key=${each.text}>
      <button type="button" class="button plain wide" onClick=${() => choose(each)}>${each.text} ${each.keys && html`<kbd>${keyText(each.keys)}</kbd>`}</button>
    </li>`)}</ul>
    ${!found.length && html`<p class="muted" role="status">${t("palette.none")}</p>`}
  </div>`;
}

/** @param {{sections: {path: string, label: string, letter?: string}[], close: () => void}} props */
function Help({ sections, close }) {
  const fixed = [["Ctrl K", t("layer.palette")], ["/", t("keys.search")], ["j k ↑ ↓", t("keys.rows")], ["x", t("keys.select")],
    ["Enter", t("keys.open")], ["Esc", t("keys.back")], ["?", t("layer.help")],
    ...sections.filter((each) => each.letter).map((each) => [`g ${each.letter}`, t("palette.go", { section: t(each.label) })])];
  const own = known.value.filter((each) => each.keys).map((each) => [each.keys, t(each.label)]);
  return html`<div class="stack">
    <div class="row"><h2>${t("layer.help")}</h2><button type="button" class="button plain push" aria-label=${t("action.close")} onClick=${close}>×</button></div>
    <dl class="facts">${[...own, ...fixed].map(([keys, text]) => html`<dt key=${keys}><kbd>${keyText(keys)}</kbd></dt><dd>${text}</dd>`)}</dl>
    <label class="check"><input type="checkbox" checked=${letters.value} onChange=${(/** @type {Event} */ event) => switchLetters(/** @type {HTMLInputElement} */ (event.target).checked)} /> ${t("keys.letters")}</label>
  </div>`;
}
