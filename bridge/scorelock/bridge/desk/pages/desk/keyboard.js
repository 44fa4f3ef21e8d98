/** The keys, and the sheet that lists them. */

import { button, its, make } from "./dom.js";
import { open } from "./dialogs.js";

/**
 * A key: as the browser calls it, with Ctrl (Cmd) and Shift where they belong to it; a key that only
 * a shifted key gives ("?") has no shift of its own here.
 *
 * @typedef {{ key: string, ctrl?: boolean, shift?: boolean, words: string, shown?: string,
 *   act: () => void }} Shortcut
 */
/** @typedef {{ name: string, keys: Shortcut[] }} Group */

const TWICE_MS = 700;
const TYPES = ["text", "number", "search", "email", "url", "password"];

/**
 * @param {EventTarget | null} target
 * @returns {boolean} whether letters go into it
 */
function isTyping(target) {
  if (target instanceof HTMLInputElement) return TYPES.includes(target.type);
  return (
    target instanceof HTMLSelectElement ||
    target instanceof HTMLTextAreaElement ||
    (target instanceof HTMLElement && target.isContentEditable)
  );
}

/**
 * @param {EventTarget | null} target
 * @param {string} key
 * @returns {boolean} whether the key means something to what has the focus
 */
function isTaken(target, key) {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return key === " " && target.type !== "range";
  return key === " " && target.matches("button, summary, a[href]");
}

/**
 * @param {Group[]} groups as the sheet lists them
 * @param {Shortcut[]} alike keys that do the same as others, as users of other tools know them
 * @param {() => void} panic what Esc Esc does
 */
export function listenToKeys(groups, alike, panic) {
  const all = [...groups.flatMap(({ keys }) => keys), ...alike];
  let escaped = -TWICE_MS;
  const escape = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || event.repeat) return;
    if (event.timeStamp - escaped < TWICE_MS) panic();
    escaped = event.timeStamp;
  };
  document.addEventListener("keydown", escape, { capture: true }); // whatever else it closes
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || isTyping(event.target)) return;
    if (isTaken(event.target, event.key)) return;
    const found = all.find((shortcut) => fits(shortcut, event));
    if (!found || (found.act !== panic && document.querySelector("dialog[open]"))) return;
    event.preventDefault();
    found.act();
  });
  its("help-button", HTMLElement).addEventListener("click", () => showSheet(groups));
  // A button keeps the focus after a click, and Space would press it again; those who click do not
  // need the focus there, and expect Space to play.
  document.addEventListener("click", ({ detail, target }) => {
    const pressed = target instanceof Element ? target.closest("button, summary") : null;
    const kept = pressed?.closest("dialog, [role=tablist]");
    if (detail > 0 && pressed instanceof HTMLElement && !kept) pressed.blur();
  });
}

/**
 * @param {Shortcut} shortcut
 * @param {KeyboardEvent} event
 */
function fits({ key, ctrl = false, shift }, event) {
  const letter = /^[a-z ]$/.test(key);
  const shiftFits = letter || shift ? event.shiftKey === Boolean(shift) : true;
  return event.key.toLowerCase() === key && (event.ctrlKey || event.metaKey) === ctrl && shiftFits;
}

/**
 * @param {Shortcut} shortcut
 * @returns {string}
 */
function shownAs({ key, ctrl, shift, shown }) {
  const name = shown ?? (key === " " ? "Space" : key.toUpperCase());
  return [ctrl ? "Ctrl" : "", shift ? "Shift" : "", name].filter(Boolean).join("+");
}

/** @param {Group[]} groups */
export function showSheet(groups) {
  const dialog = make("dialog", { class: "sheet", "aria-labelledby": "sheet-title" });
  const parts = groups.map(({ name, keys }) =>
    make(
      "section",
      {},
      make("h3", {}, name),
      make(
        "dl",
        {},
        ...keys.flatMap((shortcut) => [
          make("dt", {}, make("kbd", {}, shownAs(shortcut))),
          make("dd", {}, shortcut.words),
        ]),
      ),
    ),
  );
  dialog.append(
    make("h2", { id: "sheet-title" }, "Keys"),
    make("div", { class: "sheet-groups" }, ...parts),
    make(
      "div",
      { class: "row end" },
      button("Close", () => dialog.close(), { autofocus: true }),
    ),
  );
  open(dialog);
}
