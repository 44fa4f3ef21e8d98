/** Where notes go, and how each part is played. */

import { button, choice, labelled, make, setOptions, show } from "./dom.js";
import { INSTRUMENTS } from "./instruments.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("../messages").Part} Part */

const BROWSER = "";
const VIRTUAL = "virtual";

/**
 * @param {HTMLElement} root
 * @param {Store} store
 */
export function mountParts(root, store) {
  const rows = make("tbody");
  const heads = ["Part", "Mute", "Solo", "Channel", "Program", "Octave"];
  const hint = make("p", { class: "hint" });
  root.append(
    outs(store, hint),
    make(
      "table",
      { class: "parts" },
      make("caption", { class: "unseen" }, "How each part is played"),
      make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col" }, head)))),
      rows,
    ),
  );
  /** @type {Map<string, ReturnType<typeof partRow>>} */
  const known = new Map();
  store.on("parts", ({ parts }) => {
    for (const part of parts) {
      const row = known.get(part.part) ?? partRow(store, part.part);
      if (!known.has(part.part)) rows.append(row.root);
      known.set(part.part, row);
      row.show(part);
    }
  });
}

/**
 * @param {Store} store
 * @param {HTMLElement} hint
 */
function outs(store, hint) {
  const picker = choice("Sound goes to", [], (port) =>
    store.say({ kind: "set_out", port: port === BROWSER ? null : port }),
  );
  const look = button("Look again", () => store.say({ kind: "look_for_outs" }), {
    title: "See which MIDI outputs there are now",
  });
  store.on("outs", ({ port, ports, virtual, why_none }) => {
    const named = ports.includes(port ?? "") || port === null ? ports : [...ports, port];
    setOptions(picker, [
      [BROWSER, "This browser"],
      ...named.map((/** @type {string} */ name) => /** @type {[string, string]} */ ([name, name])),
      ...(virtual && port !== VIRTUAL
        ? [/** @type {[string, string]} */ ([VIRTUAL, "A new MIDI port named Scorelock"])]
        : []),
    ]);
    picker.value = port ?? BROWSER;
    hint.textContent =
      port === null
        ? (why_none ?? "This browser's voice has no channels or programs; MIDI outputs do.")
        : "Browsers are silent while a MIDI output plays.";
  });
  return make("div", { class: "line" }, labelled("Sound goes to", picker), look, hint);
}

/**
 * @param {Store} store
 * @param {string} name
 */
function partRow(store, name) {
  /** @type {Part | null} */
  let part = null;
  const set = (/** @type {Partial<Part>} */ change) => {
    if (part) store.say({ kind: "set_part", ...part, ...change });
  };
  const toggle = (/** @type {string} */ letter, /** @type {"mute" | "solo"} */ what) =>
    button(letter, () => set({ [what]: !part?.[what] }), {
      class: `letter ${what}`,
      "aria-label": `${what === "mute" ? "Mute" : "Solo"} ${name}`,
      "aria-pressed": "false",
    });
  const mute = toggle("M", "mute");
  const solo = toggle("S", "solo");
  const channel = choice(
    `Channel of ${name}`,
    Array.from({ length: 16 }, (_, i) => [String(i + 1), String(i + 1)]),
    (value) => set({ channel: Number(value) }),
  );
  const program = choice(
    `Program of ${name}`,
    [
      ["", "As the instrument has it"],
      ...INSTRUMENTS.map(
        (words, i) => /** @type {[string, string]} */ ([String(i + 1), `${i + 1} ${words}`]),
      ),
    ],
    (value) => set({ program: value === "" ? null : Number(value) }),
  );
  program.className = "program";
  const octave = choice(
    `Octave of ${name}`,
    [-3, -2, -1, 0, 1, 2, 3].map((n) => [String(n), n > 0 ? `+${n}` : String(n)]),
    (value) => set({ octave: Number(value) }),
  );
  const cells = [mute, solo, channel, program, octave].map((field) => make("td", {}, field));
  return {
    root: make("tr", {}, make("th", { scope: "row" }, name), ...cells),
    show: (/** @type {Part} */ now) => {
      part = now;
      mute.setAttribute("aria-pressed", String(now.mute));
      solo.setAttribute("aria-pressed", String(now.solo));
      show(channel, now.channel);
      show(program, now.program ?? "");
      show(octave, now.octave);
    },
  };
}
