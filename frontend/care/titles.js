/** What stands on the tab of a page that is no section of the navigation. */
import { useEffect } from "../shared/ui.js";

/** @param {string | null | undefined} name */
export function useTitle(name) {
  useEffect(() => {
    if (!name) return undefined;
    const before = document.title;
    document.title = `${name} · Kontor`;
    return () => {
      document.title = before;
    };
  }, [name]);
}
