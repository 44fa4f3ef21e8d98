/** Takes side by side: choose, begin another, keep a passage of one in another. */

import { button, choice, labelled, make, setOptions } from "./dom.js";
import { spanWords } from "./places.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./editing.js").Editing} Editing */

/**
 * @param {HTMLElement} root
 * @param {Store} store
 * @param {Editing} editing
 */
export function mountTakes(root, store, editing) {
  const list = make("div", { class: "takes" });
  root.append(
    make("fieldset", {}, make("legend", {}, "The take that plays"), list),
    newTake(store),
    keeping(store, editing),
  );
  store.on("cue_is", ({ take, takes }) => {
    const focused = document.activeElement?.getAttribute("value");
    const had = list.contains(document.activeElement);
    list.replaceChildren(...takes.map((name) => takeRow(store, name, name === take)));
    const again = [...list.querySelectorAll("input")].find(({ value }) => value === focused);
    if (had) again?.focus();
  });
}

/**
 * @param {Store} store
 * @param {string} name
 * @param {boolean} chosen
 */
function takeRow(store, name, chosen) {
  const radio = make("input", {
    type: "radio",
    name: "take",
    value: name,
    change: () => store.say({ kind: "choose_take", name }),
  });
  radio.checked = chosen;
  return make("label", { class: "take" }, radio, name);
}

/** @param {Store} store */
function newTake(store) {
  const name = make("input", { type: "text", maxlength: 60, size: 8 });
  const seed = make("input", { type: "number", min: 0, max: 2147483647, class: "seed" });
  seed.placeholder = "any";
  const form = make(
    "form",
    { class: "line" },
    labelled("Name", name),
    labelled("Seed", seed),
    make("button", { type: "submit", class: "main" }, "New take"),
    make(
      "p",
      { class: "hint" },
      "Composes all that is not locked in another way, and goes on with it.",
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const wanted = name.value.trim() || freeName(store.get("cue_is")?.takes ?? []);
    const number = Number.isNaN(seed.valueAsNumber) ? null : seed.valueAsNumber;
    store.say({ kind: "new_take", name: wanted, seed: number });
    name.value = "";
  });
  store.on("cue_is", ({ takes }) => {
    name.placeholder = freeName(takes);
  });
  return form;
}

/**
 * @param {string[]} takes
 * @returns {string} the first letter, or number after the letters, that names none of them
 */
export function freeName(takes) {
  const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  const letter = letters.find((name) => !takes.includes(name));
  return letter ?? `Take ${takes.length + 1}`;
}

/**
 * @param {Store} store
 * @param {Editing} editing
 */
function keeping(store, editing) {
  const from = choice("Keep from take", [], () => {});
  const words = make("p", { class: "hint" });
  const keep = button("Keep these chords", () => {
    const span = editing.span;
    if (span) store.say({ kind: "keep_take", name: from.value, start_s: span[0], end_s: span[1] });
  });
  const shown = () => {
    const { span } = editing;
    const { score } = store;
    keep.disabled = !span || from.options.length === 0;
    words.textContent =
      from.options.length === 0
        ? "With a second take, passages of one can be kept in the other."
        : span && score
          ? `Have the chords of take ${from.value} from ${spanWords(score, ...span)}.`
          : "Select a passage in the timeline, to keep its chords of another take in this one.";
  };
  from.addEventListener("change", shown);
  editing.addEventListener("select", shown);
  store.on("cue_is", ({ take, takes }) => {
    setOptions(
      from,
      takes.filter((name) => name !== take).map((name) => [name, name]),
    );
    shown();
  });
  return make(
    "fieldset",
    {},
    make("legend", {}, "Keep a passage of another take"),
    make("div", { class: "line" }, labelled("Take", from), keep),
    words,
  );
}
