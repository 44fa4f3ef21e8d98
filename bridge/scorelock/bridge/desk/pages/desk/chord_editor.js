/** A chord's own small dialog: another chord, lock, vary, regenerate, keep of another take. */

import { button, choice, make } from "./dom.js";
import { diatonic, onRoot } from "./chord_names.js";
import { open } from "./dialogs.js";
import { tell } from "./notices.js";
import { spanWords } from "./places.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("../messages").Ask} Ask */
/** @typedef {import("../messages").ScoreChord} ScoreChord */

const WIDTH = 380;
const MARGIN = 8;
const ROW = 44; // of the chords in the timeline: the chord itself stays in view

/**
 * @param {Store} store
 * @param {number} index of the chord
 * @param {{ x: number, y: number }} near of the window, CSS pixels
 */
export function editChord(store, index, near) {
  const { score } = store;
  const chord = score?.chords[index];
  if (!score || !chord) return;
  const [start_s, end_s, name] = chord;
  const dialog = make("dialog", { class: "near", "aria-labelledby": "chord-title" });
  const did = (/** @type {Ask} */ ask) => {
    store.say(ask);
    dialog.close();
  };
  const form = nameForm(name, [...diatonic(score.key), ...onRoot(name)], (wanted) => set(wanted));
  const set = async (/** @type {string} */ wanted) => {
    form.wait(wanted);
    const why = await store.ask({ kind: "set_chord", start_s, end_s, chord: wanted });
    if (!dialog.isConnected) {
      if (why !== null) tell(why, true);
    } else if (why === null) dialog.close();
    else {
      form.refuse(why);
      place(dialog, near);
    }
  };
  dialog.append(
    make("h2", { id: "chord-title" }, `${name}, ${spanWords(score, start_s, end_s)}`),
    form.root,
    chips(`Chords of ${score.key}`, diatonic(score.key), name, set),
    chips("On the same root", onRoot(name), name, set),
    actions(store, chord, did),
  );
  open(dialog);
  place(dialog, near);
}

/**
 * The field of a chord's name. It waits while the desk has one to take, and says why where it did not.
 *
 * @param {string} name
 * @param {string[]} near at hand
 * @param {(name: string) => void} set
 */
function nameForm(name, near, set) {
  const input = make("input", {
    type: "text",
    "aria-label": "Chord",
    list: "chord-names",
    maxlength: 60,
    value: name,
    autofocus: true,
    autocomplete: "off",
    spellcheck: "false",
    "aria-describedby": "chord-wrong",
  });
  const wrong = make("p", { id: "chord-wrong", class: "wrong", role: "alert", hidden: true });
  const submit = make("button", { type: "submit", class: "main" }, "Set chord");
  const names = [...new Set(near)].map((each) => make("option", { value: each }));
  const form = make(
    "form",
    { class: "row chord-form" },
    input,
    make("datalist", { id: "chord-names" }, ...names),
    submit,
  );
  const right = () => {
    wrong.hidden = true;
    input.removeAttribute("aria-invalid");
  };
  input.addEventListener("input", right);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.value.trim() && !submit.disabled) set(input.value.trim());
  });
  input.addEventListener("focus", () => input.select(), { once: true });
  return {
    root: make("div", {}, form, wrong),
    wait: (/** @type {string} */ wanted) => {
      right();
      input.value = wanted;
      submit.disabled = true;
    },
    refuse: (/** @type {string} */ why) => {
      submit.disabled = false;
      wrong.hidden = false;
      wrong.textContent = why;
      input.setAttribute("aria-invalid", "true");
      input.focus();
      input.select();
    },
  };
}

/**
 * @param {string} words
 * @param {string[]} names
 * @param {string} now
 * @param {(name: string) => void} set
 */
function chips(words, names, now, set) {
  const all = names.map((name) =>
    button(name, () => set(name), { class: "chip", "aria-pressed": String(name === now) }),
  );
  return make("div", { class: "chips", role: "group", "aria-label": words }, ...all);
}

/**
 * @param {Store} store
 * @param {ScoreChord} chord
 * @param {(ask: Ask) => void} did
 */
function actions(store, [start_s, end_s, , , , , locked], did) {
  const row = make(
    "div",
    { class: "row" },
    button(locked ? "Unlock" : "Lock", () => did({ kind: "lock", start_s, end_s, on: !locked })),
    button("Vary this", () => did({ kind: "vary", start_s, end_s }), { disabled: locked }),
    button("Regenerate from here", () => did({ kind: "regenerate", start_s })),
  );
  const cue = store.get("cue_is");
  const takes = cue?.takes.filter((name) => name !== cue.take) ?? [];
  if (takes.length > 0)
    row.append(keepFrom(takes, (name) => did({ kind: "keep_take", name, start_s, end_s })));
  return row;
}

/**
 * @param {string[]} takes
 * @param {(name: string) => void} chosen
 */
export function keepFrom(takes, chosen) {
  /** @type {Array<[string, string]>} */
  const options = [
    ["", "Keep from…"],
    ...takes.map((name) => /** @type {[string, string]} */ ([name, `Take ${name}`])),
  ];
  const select = choice("Keep from another take", options, (name) => {
    if (name) chosen(name);
    select.value = "";
  });
  return select;
}

/**
 * @param {HTMLDialogElement} dialog
 * @param {{ x: number, y: number }} near
 */
function place(dialog, { x, y }) {
  const height = dialog.offsetHeight;
  const left = Math.max(MARGIN, Math.min(x - WIDTH / 2, innerWidth - WIDTH - MARGIN));
  const above = y - height - ROW;
  const top = above >= MARGIN ? above : Math.min(y + 16, innerHeight - height - MARGIN);
  dialog.style.setProperty("left", `${left}px`);
  dialog.style.setProperty("top", `${Math.max(MARGIN, top)}px`);
}
