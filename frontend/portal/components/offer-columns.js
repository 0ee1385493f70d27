/** The columns of offers: what it is, what it costs, when it is on sale, and what it waits for. */
import { date, dateTime, money } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";

/** @param {Record<string, string>} refused why something could not be done, by id */
export function columns(refused) {
  return [
    { key: "article", label: t("catalogue.article"), head: true, cell: article },
    { key: "price", label: t("catalogue.price"), number: true, cell: (/** @type {any} */ row) => (row.price ? money(row.price) : "–") },
    { key: "period", label: t("catalogue.period"), cell: period },
    { key: "state", label: t("catalogue.status"), cell: (/** @type {any} */ row) => html`<span>${status(row)}${refused[row.id] && html`<span class="fault"> ${refused[row.id]}</span>`}</span>` },
  ];
}

/** @param {any} row */
function article(row) {
  const options = Object.values(row.attributes ?? {}).join(", ");
  return html`<span><strong>${row.name ?? row.sku}</strong> ${options && html`<span>${options}</span>`}<br />
    <span class="muted">${[row.sku, row.gtin, row.groupCode, row.brand, row.category].filter(Boolean).join(" · ")}</span></span>`;
}

/** @param {any} row */
function period(row) {
  if (!row.validFrom && !row.validUntil) return t("catalogue.always");
  return t("catalogue.fromUntil", { from: date(row.validFrom?.slice(0, 10)) || "…", until: date(row.validUntil?.slice(0, 10)) || "…" });
}

/** @param {any} row */
function status(row) {
  const lacks = row.missing.length > 0 && html`<span class="fault">${t("catalogue.lacks", { fields: row.missing.map((/** @type {string} */ name) => t(`upload.offers.field.${name}`)).join(", ") })}</span>`;
  if (row.state === "RETURNED") return html`<span>${row.reason} ${lacks}</span>`;
  if (row.state === "IN_REVIEW") return t("catalogue.since", { at: dateTime(row.sentAt) });
  if (row.state === "LIVE") return t("catalogue.soldAs", { sku: row.variant?.sku ?? row.sku });
  if (row.state === "WITHDRAWN") return t("catalogue.state.WITHDRAWN");
  return lacks || (row.variantId ? t("catalogue.stillSold") : t("catalogue.complete"));
}
