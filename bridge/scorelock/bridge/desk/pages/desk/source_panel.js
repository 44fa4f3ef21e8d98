/** Who leads, how exact it is, and how late it is heard. */

import { icon, labelled, make, setWords, show } from "./dom.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("../messages").Hosts} Hosts */
/** @typedef {import("../messages").Host} Host */

const SAY_EVERY_MS = 60;
const SLIDER_MS = 250;

/**
 * @param {HTMLElement} root
 * @param {Store} store
 */
export function mountSource(root, store) {
  const rows = make("div", { class: "hosts" });
  const figures = make("dl", { class: "figures" });
  const listens = make("p", { class: "hint" });
  root.append(
    make("fieldset", {}, make("legend", {}, "Who leads"), rows),
    figures,
    latency(store),
    howTo(listens),
  );
  /** @type {Map<string, ReturnType<typeof hostRow>>} */
  const known = new Map();
  store.on("hosts", (hosts) => {
    showHosts(store, rows, known, hosts);
    showFigures(figures, hosts);
    setWords(
      listens,
      hosts.listens
        ? `Scorelock listens for hosts on ${hosts.listens} (OSC over UDP unless it says tcp).`
        : "Scorelock hears no hosts: the port for OSC could not be had. Close what uses it, then start Scorelock again.",
    );
  });
}

/**
 * @param {Store} store
 * @param {HTMLElement} place
 * @param {Map<string, ReturnType<typeof hostRow>>} known
 * @param {Hosts} hosts
 */
function showHosts(store, place, known, { leads, hosts }) {
  const named = new Map(hosts.map((host) => [host.name, host]));
  for (const [name, row] of known)
    if (!named.has(name)) {
      row.root.remove();
      known.delete(name);
    }
  for (const host of hosts) {
    const row = known.get(host.name) ?? hostRow(store, host.name);
    if (!known.has(host.name)) place.append(row.root);
    known.set(host.name, row);
    row.show(host, host.name === leads);
  }
}

/**
 * @param {Store} store
 * @param {string} name
 */
function hostRow(store, name) {
  const radio = make("input", {
    type: "radio",
    name: "host",
    change: () => store.say({ kind: "lead", host: name }),
  });
  const words = make("span", { class: "host-words" });
  const heard = make("span", { class: "host-heard" });
  return {
    root: make("label", { class: "host" }, radio, words, heard),
    show: (/** @type {Host} */ host, /** @type {boolean} */ leads) => {
      radio.checked = leads;
      setWords(words, host.words || host.name);
      const ignored = host.ignored ? `, ${host.ignored} not understood` : "";
      setWords(heard, host.heard ? `${host.heard} reports${ignored}` : "");
    },
  };
}

/**
 * @param {HTMLElement} place
 * @param {Hosts} hosts
 */
function showFigures(place, hosts) {
  const figures = [
    ["Exact to", `${hosts.error_ms.toFixed(1)} ms`, "How exactly the place in the film is known"],
    [
      "Newest note",
      `${hosts.late_ms.toFixed(1)} ms late`,
      "Sent after the moment it was meant for",
    ],
    ["Locates", String(hosts.locates), "Jumps to another place"],
    ["Drop-outs", String(hosts.drop_outs), "Times that the leader was not heard"],
    ["Notes sent", String(hosts.notes_sent), ""],
    ["Sent late", String(hosts.notes_late), ""],
  ];
  while (place.children.length < figures.length)
    place.append(make("div", {}, make("dt"), make("dd")));
  figures.forEach(([name = "", value = "", why = ""], index) => {
    const row = place.children[index];
    if (!(row instanceof HTMLElement) || !row.firstElementChild || !row.lastElementChild) return;
    row.title = why;
    setWords(row.firstElementChild, name);
    setWords(row.lastElementChild, value);
  });
}

/** @param {Store} store */
function latency(store) {
  const slider = make("input", {
    type: "range",
    min: -SLIDER_MS,
    max: SLIDER_MS,
    step: 1,
    "aria-label": "Latency offset, coarse",
  });
  const number = make("input", { type: "number", min: -2000, max: 2000, step: 1, class: "ms" });
  let timer = 0;
  const say = (/** @type {number} */ ms) => {
    if (!Number.isFinite(ms)) return;
    clearTimeout(timer);
    const within = Math.max(-2000, Math.min(2000, ms));
    timer = window.setTimeout(() => store.say({ kind: "latency", ms: within }), SAY_EVERY_MS);
  };
  slider.addEventListener("input", () => {
    number.value = slider.value;
    say(slider.valueAsNumber);
  });
  number.addEventListener("input", () => {
    slider.value = number.value;
    say(number.valueAsNumber);
  });
  store.on("hosts", ({ latency_ms }) => {
    if (document.activeElement === slider || document.activeElement === number) return;
    show(slider, Math.round(latency_ms));
    show(number, Math.round(latency_ms));
  });
  const hint = "Above 0 the music comes later than the leader's reports say, below 0 earlier.";
  return make(
    "div",
    { class: "line latency" },
    labelled("Latency offset, ms", number),
    slider,
    make("p", { class: "hint" }, hint),
  );
}

/** @param {HTMLElement} listens */
function howTo(listens) {
  const steps = [
    "Once, at a terminal: scorelock setup reaper",
    "In REAPER: Options, Preferences, Control/OSC/web, Add; choose OSC and the pattern Scorelock.",
    "Device port 9000, device IP 127.0.0.1 (or that of this machine), local listen port 8000.",
    "Press play in REAPER: it appears above. Choose it, and the film here follows.",
  ];
  return make(
    "details",
    { open: true },
    make("summary", {}, icon("loop"), "Lock to REAPER or another host"),
    listens,
    make("ol", {}, ...steps.map((step) => make("li", {}, step))),
  );
}
