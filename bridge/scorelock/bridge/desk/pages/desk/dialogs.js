/** Dialogs: those beside which the page goes on, and questions that hold it. */

import { button, make } from "./dom.js";

/**
 * Open a dialog beside which the page goes on, PANIC above all; Escape or a press beside it closes
 * it, and the focus goes back to where it was.
 *
 * @param {HTMLDialogElement} dialog gone when it is closed
 */
export function open(dialog) {
  const before = document.activeElement;
  const ends = new AbortController();
  const { signal } = ends;
  document.querySelector("dialog[open]")?.remove();
  document.body.append(dialog);
  dialog.addEventListener("close", () => {
    ends.abort();
    const held =
      dialog.contains(document.activeElement) || document.activeElement === document.body;
    dialog.remove();
    if (held && before instanceof HTMLElement) before.focus();
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Escape") dialog.close();
  });
  const pressed = (/** @type {Event} */ { target }) => {
    if (target instanceof Node && !dialog.contains(target)) dialog.close();
  };
  document.addEventListener("pointerdown", pressed, { signal });
  dialog.show();
}

/**
 * @param {string} title
 * @param {string} words
 * @param {string} yes
 * @returns {Promise<boolean>}
 */
export function confirmed(title, words, yes) {
  const dialog = make("dialog", { "aria-label": title });
  return new Promise((answer) => {
    dialog.append(
      make("h2", {}, title),
      make("p", {}, words),
      make(
        "div",
        { class: "row end" },
        button("Leave it as it is", () => dialog.close("no"), { autofocus: true }),
        button(yes, () => dialog.close("yes"), { class: "main" }),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      answer(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
