/** How it is composed, and how it is played. */

import { choice, labelled, make, show } from "./dom.js";
import { confirmed } from "./dialogs.js";

/** @typedef {import("./store.js").Store} Store */

const MAJORS = ["C", "G", "D", "A", "E", "B", "F#", "Gb", "Db", "Ab", "Eb", "Bb", "F"];
const MINORS = ["A", "E", "B", "F#", "C#", "G#", "D#", "Eb", "Bb", "F", "C", "G", "D"];
const STYLES = ["auto", "pad", "block", "broken", "arpeggio", "ostinato", "pulse", "ballad"];
/** @type {Array<[string, string]>} */
const RHYTHMS = [
  ["free", "Any second"],
  ["beat", "Each beat"],
  ["half", "Half a bar"],
  ["bar", "Each bar"],
  ["two-bars", "Two bars"],
];

/**
 * @param {HTMLElement} root
 * @param {Store} store
 */
export function mountCompose(root, store) {
  root.append(composing(store), time(store), playing(store));
}

/**
 * @param {Store} store
 * @param {(settings: Record<string, any>) => void} shown
 */
const onSettings = (store, shown) => store.on("cue_is", ({ settings }) => shown(settings));

/**
 * @param {string} words
 * @param {...HTMLElement} fields
 */
function formOf(words, ...fields) {
  return make("form", {}, make("fieldset", {}, make("legend", {}, words), ...fields));
}

/** @param {number} step */
const share = (step) => make("input", { type: "range", min: 0, max: 1, step });

/** @param {Store} store */
function composing(store) {
  const key = choice(
    "Key",
    [
      ["", "By the film's mood"],
      ...[
        ...MAJORS.map((tonic) => `${tonic} major`),
        ...MINORS.map((tonic) => `${tonic} minor`),
      ].map((name) => /** @type {[string, string]} */ ([name, name])),
    ],
    () => {},
  );
  const seed = make("input", { type: "number", min: 0, max: 2147483647, value: 0, class: "seed" });
  const affect = share(0.05);
  const form = formOf(
    "The chords",
    make(
      "div",
      { class: "line" },
      labelled("Key", key),
      labelled("Seed", seed),
      labelled("Leans to the picture's mood", affect),
      make("button", { type: "submit" }, "Compose anew…"),
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void composeAnew(store, {
      kind: "compose",
      key: key.value || null,
      seed: Math.max(0, Math.round(seed.valueAsNumber || 0)),
      affect: affect.valueAsNumber,
    });
  });
  onSettings(store, (settings) => {
    show(key, settings.key ?? "");
    show(seed, settings.seed ?? 0);
    show(affect, settings.affect ?? 0.7);
  });
  return form;
}

/**
 * @param {Store} store
 * @param {import("../messages").Compose} order
 */
async function composeAnew(store, order) {
  const there = store.score;
  const yes =
    !there ||
    (await confirmed(
      "Compose anew?",
      "Another score takes the place of this one, with all its takes, edits and locks. Undo does " +
        "not bring it back, but a copy stays in the cue's folder. To try something else beside it, " +
        "begin a new take instead.",
      "Compose anew",
    ));
  if (yes) store.say(order);
}

/** @param {Store} store */
function time(store) {
  const tempo = make("input", { type: "text", maxlength: 20, size: 7, placeholder: "find" });
  const meter = make("input", { type: "text", maxlength: 7, size: 5, placeholder: "4/4" });
  const rhythm = choice("Chords change", RHYTHMS, () => {});
  let before = { tempo: "", meter: "", rhythm: "" };
  const form = formOf(
    "Tempo and meter",
    make(
      "div",
      { class: "line" },
      labelled("Tempo", tempo),
      labelled("Meter", meter),
      labelled("Chords change", rhythm),
      make("button", { type: "submit" }, "Set"),
      make("p", { class: "hint" }, "Beats a minute; “find” takes those that meet the hits best."),
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const said = { tempo: tempo.value.trim(), meter: meter.value.trim(), rhythm: rhythm.value };
    const changed = (/** @type {"tempo" | "meter" | "rhythm"} */ what) =>
      said[what] && said[what] !== before[what] ? said[what] : null;
    const order = { tempo: changed("tempo"), meter: changed("meter"), rhythm: changed("rhythm") };
    if (order.tempo ?? order.meter ?? order.rhythm) store.say({ kind: "set_time", ...order });
  });
  onSettings(store, (settings) => {
    before = {
      tempo: settings.tempo ? String(Math.round(Number(settings.tempo) * 100) / 100) : "",
      meter: String(settings.meter ?? ""),
      rhythm: String(settings.rhythm ?? "free"),
    };
    show(tempo, before.tempo);
    show(meter, before.meter);
    show(rhythm, before.rhythm);
  });
  return form;
}

/** @param {Store} store */
function playing(store) {
  const say = () =>
    store.say({
      kind: "set_playing",
      style: style.value,
      humanise: humanise.valueAsNumber,
      drone: drone.checked,
    });
  const style = choice(
    "Style",
    STYLES.map((name) => [name, name[0]?.toUpperCase() + name.slice(1)]),
    say,
  );
  const humanise = share(0.05);
  const drone = make("input", { type: "checkbox", change: say });
  humanise.addEventListener("change", say);
  onSettings(store, (settings) => {
    show(style, settings.style ?? "auto");
    show(humanise, settings.humanise ?? 0.3);
    drone.checked = settings.drone ?? true;
  });
  return formOf(
    "How it is played",
    make(
      "div",
      { class: "line" },
      labelled("Style", style),
      labelled("Humanise", humanise),
      make("label", { class: "check" }, drone, "Drone where it is fearful or tense"),
    ),
  );
}
