/** Printing: one file for the whole selection, in a tab that the click itself opens, so that no browser stops it. */
import { Refused } from "./api.js";
import { words } from "./components/failure.js";
import { tell } from "./components/toast.js";
import { t } from "./messages.js";

/**
 * Open a tab now and show the file in it as soon as its address is known; without a file the tab goes again. Tells what
 * went wrong, and is false then.
 * @param {() => Promise<string | null>} address where the file is, null for nothing to print
 */
export async function printed(address) {
  const tab = window.open("about:blank", "_blank");
  try {
    const url = await address();
    if (!url) {
      tab?.close();
      return false;
    }
    if (tab) {
      tab.opener = null;
      tab.location.replace(url);
    } else {
      tell(t("print.blocked"), { tone: "bad" });
    }
    return Boolean(tab);
  } catch (refused) {
    tab?.close();
    tell(words(refused instanceof Refused ? refused : new Refused({ code: "SERVER_AWAY", message: "" })), { tone: "bad" });
    return false;
  }
}
