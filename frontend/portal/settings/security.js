/** How one signs in, and where one is signed in. */
import { change } from "../../shared/api.js";
import { me } from "../../shared/auth.js";
import { words } from "../../shared/components/failure.js";
import { Field, Submit, Summary, useForm } from "../../shared/components/form.js";
import { tell } from "../../shared/components/toast.js";
import { dateTime } from "../../shared/format.js";
import { t } from "../../shared/messages.js";
import { html } from "../../shared/ui.js";
import { CHANGE_PASSWORD, END_OTHER_SESSIONS, END_SESSION, MY_ACCESS } from "../operations.js";
import { Passkeys } from "./passkeys.js";
import { useReading } from "./reading.js";
import { SecondFactor } from "./second-factor.js";

export function Part() {
  const { found, instead } = useReading(MY_ACCESS, "myAccess");
  if (instead) return instead;
  return html`<div class="stack">
    <${Passkeys} access=${found} />
    <${SecondFactor} access=${found} />
    ${found.value.hasPassword ? html`<${Password} email=${found.value.user.email} />` : html`<section class="part"><h2>${t("security.password")}</h2><p>${t("security.noPassword")}</p><p><a href="/portal/reset">${t("signIn.forgot")}</a></p></section>`}
    <${Sessions} access=${found} />
  </div>`;
}

/** @param {{email: string}} props */
function Password({ email }) {
  const form = useForm(async (given) => {
    await change(CHANGE_PASSWORD, { current: given.get("current"), new: given.get("new") });
    me.value = null;
  });
  const labels = { current: t("security.current"), new: t("link.password") };
  return html`<form class="part" onSubmit=${form.submit}><h2>${t("security.password")}</h2>
    <${Summary} form=${form} fields=${labels} />
    <input class="unseen" type="email" name="email" autocomplete="username" value=${email} readonly tabindex="-1" aria-hidden="true" />
    <${Field} form=${form} name="current" label=${labels.current} type="password" autocomplete="current-password" required />
    <${Field} form=${form} name="new" label=${labels.new} hint=${t("link.passwordHint")} type="password" autocomplete="new-password" required />
    <p class="muted">${t("security.passwordFollows")}</p>
    <div class="row"><${Submit} form=${form}>${t("security.passwordDo")}<//></div>
  </form>`;
}

/** @param {{access: import("@preact/signals").Signal<any>}} props */
function Sessions({ access }) {
  /** @param {string} document @param {Record<string, any>} [given] */
  async function end(document, given = {}) {
    try {
      access.value = (await change(document, given)).myAccess;
      tell(t("security.ended"));
    } catch (/** @type {any} */ refused) {
      tell(words(refused), { tone: "bad" });
    }
  }
  const { sessions } = access.value;
  return html`<section class="part"><h2>${t("security.sessions")}</h2>
    <ul role="list" class="lines">${sessions.map((/** @type {any} */ each) => html`<li key=${each.id}>
      <span>${browser(each.userAgent)}${each.current && ` (${t("security.here")})`}<br /><span class="muted">${t("security.seen", { at: dateTime(each.lastSeenAt) })}</span></span>
      ${!each.current && html`<button type="button" class="button" aria-label=${t("security.endLabel", { browser: browser(each.userAgent) })} onClick=${() => end(END_SESSION, { id: each.id })}>${t("security.end")}</button>`}
    </li>`)}</ul>
    ${sessions.length > 1 && html`<div class="row"><button type="button" class="button" onClick=${() => end(END_OTHER_SESSIONS)}>${t("security.endOthers")}</button></div>`}
  </section>`;
}

const BROWSERS = ["Edg", "Firefox", "Chrome", "Safari"];
const SYSTEMS = ["Windows", "Android", "iPhone", "iPad", "Mac OS", "Linux"];

/** A browser by the words people know it by. @param {string} agent */
function browser(agent) {
  const name = BROWSERS.find((each) => agent.includes(`${each}/`));
  const system = SYSTEMS.find((each) => agent.includes(each));
  return [name === "Edg" ? "Edge" : name, system].filter(Boolean).join(", ") || agent || "–";
}
