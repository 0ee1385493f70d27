/** How the facts of messages are written into a template, and who made a version. */

const AS_LIST = ["lines", "new_lines", "outstanding", "accepted", "refused"];
const AS_ADDRESS = ["delivery_address", "pickup_location", "location", "return_address", "opening_hours"];
const AS_MONEY = ["total", "discount", "shipping_cost", "tax_included", "refund_amount", "amount", "claimed", "fees"];
const AS_LINK = ["order_url", "pay_url", "return_url", "label_url", "cancel_url"];
const AS_CODE = ["pickup_code", "code"];
const AS_CHOICE = ["whole", "label_attached", "instalment", "asked"];
const AS_DAY = /_(on|from|until|by|date)$/;
const AS_LOOP = /** @type {Record<string, string>} */ ({
  items: "{% for item in items %}\n{{ ui.heading(item.name) }}\n\n{% for code in item.codes %}\n{{ ui.code(code) }}\n{% endfor %}\n{% endfor %}",
  paragraphs: "{% for paragraph in paragraphs %}\n{% call ui.p() %}{{ paragraph }}{% endcall %}\n{% endfor %}",
  shares: "{% for share in shares %}\n{{ ui.facts([(share.method, share.amount|money(currency))]) }}\n{% endfor %}",
});

/**
 * What is put into a template for one of its facts; those an order may lack stand within a condition.
 * @param {string} name
 * @param {boolean} optional
 * @param {string} text what a button says
 */
export function snippet(name, optional, text) {
  if (AS_CHOICE.includes(name)) return `{% if ${name} %}…{% endif %}`;
  const [said, alone] = written(name, text);
  if (!optional) return said;
  return alone ? `{% if ${name} %}\n${said}\n{% endif %}` : `{% if ${name} %}${said}{% endif %}`;
}

/** What a fact looks like, and whether it stands on lines of its own. @param {string} name @param {string} text @returns {[string, boolean]} */
function written(name, text) {
  if (name in AS_LOOP) return [AS_LOOP[name], true];
  if (AS_LIST.includes(name)) return [`{{ ui.items(${name}) }}`, true];
  if (AS_ADDRESS.includes(name)) return [`{{ ui.lines(${name}) }}`, true];
  if (AS_LINK.includes(name)) return [`{{ ui.button("${text}", ${name}, brand.color) }}`, true];
  if (AS_CODE.includes(name)) return [`{{ ui.code(${name}) }}`, true];
  if (name === "parcels") return ["{{ ui.parcels(parcels) }}", true];
  if (name === "brand") return ["{{ brand.name }}", false];
  if (AS_MONEY.includes(name)) return [`{{ ${name}|money(currency) }}`, false];
  return [AS_DAY.test(name) ? `{{ ${name}|day }}` : `{{ ${name} }}`, false];
}

/** The person or program that acted, without what kind it is. @param {string} by */
export const nameOf = (by) => by.replace(/^[a-z]+:/, "");

/** The versions that begin after this moment. @param {any[]} versions @param {number} now milliseconds */
export const planned = (versions, now) => versions.filter((each) => new Date(each.validFrom).getTime() > now);
