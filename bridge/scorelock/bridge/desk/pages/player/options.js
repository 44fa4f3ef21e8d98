/** What a player has chosen, kept on the device. */

import { MOST_CAPO } from "./transpose.js";

/**
 * @typedef {object} Options
 * @property {import("./transpose.js").Instrument} instrument
 * @property {number} capo
 * @property {import("./spell.js").Spelling} spelling
 * @property {"none" | import("./staff.js").Clef} staff
 * @property {"auto" | "dark" | "light"} theme
 * @property {boolean} contrast
 * @property {boolean} large
 * @property {import("./streamer.js").Shown} streamers
 * @property {boolean} aloud
 * @property {number} volume of the click, 0 to 100
 */

/** @type {Readonly<Options>} */
export const DEFAULTS = Object.freeze({
  instrument: "C",
  capo: 0,
  spelling: "symbols",
  staff: "none",
  theme: "auto",
  contrast: false,
  large: false,
  streamers: "all",
  aloud: true,
  volume: 60,
});

/** @type {Readonly<Record<string, readonly string[]>>} */
const CHOICES = Object.freeze({
  instrument: ["C", "Bb", "Eb", "F"],
  spelling: ["symbols", "jazz", "german", "solfege", "numerals"],
  staff: ["none", "treble", "bass"],
  theme: ["auto", "dark", "light"],
  streamers: ["strong", "all", "none"],
});
/** @type {Readonly<Record<string, number>>} */
const MOST = Object.freeze({ capo: MOST_CAPO, volume: 100 });
const KEPT_AS = "scorelock.player";

/**
 * @param {unknown} kept what was found on the device, from whatever version
 * @returns {Options} of it what makes sense; else the defaults
 */
export function sound(kept) {
  const found = /** @type {Record<string, unknown>} */ (
    typeof kept === "object" && kept !== null ? kept : {}
  );
  const options = Object.entries(DEFAULTS).map(([name, usual]) => {
    const value = found[name];
    const most = MOST[name];
    const fits =
      typeof value === typeof usual &&
      (CHOICES[name]?.includes(String(value)) ?? true) &&
      (most === undefined ||
        (Number.isInteger(value) && Number(value) >= 0 && Number(value) <= most));
    return [name, fits ? value : usual];
  });
  return Object.fromEntries(options);
}

/** @returns {Options} */
export function load() {
  try {
    return sound(JSON.parse(localStorage.getItem(KEPT_AS) ?? "null"));
  } catch {
    return { ...DEFAULTS }; // a private window may have no storage; what is kept may be damaged
  }
}

/** @param {Options} options */
export function save(options) {
  try {
    localStorage.setItem(KEPT_AS, JSON.stringify(options));
  } catch {
    // They hold until the page is closed.
  }
}

/** @param {HTMLFormElement} form @param {Options} options */
export function fill(form, options) {
  for (const [name, value] of Object.entries(options)) {
    const field = form.elements.namedItem(name);
    if (field instanceof HTMLInputElement && field.type === "checkbox")
      field.checked = Boolean(value);
    else if (field instanceof HTMLSelectElement) field.value = String(value);
  }
}

/**
 * @param {HTMLFormElement} form
 * @param {Options} before
 * @returns {Options}
 */
export function read(form, before) {
  const entries = Object.entries(before).map(([name, value]) => {
    const field = form.elements.namedItem(name);
    if (field instanceof HTMLInputElement && field.type === "checkbox")
      return [name, field.checked];
    if (!(field instanceof HTMLSelectElement)) return [name, value];
    return [name, typeof value === "number" ? Number(field.value) : field.value];
  });
  return sound(Object.fromEntries(entries));
}

/** Show what is chosen of the page's looks. @param {Options} options */
export function dress({ theme, contrast, large }) {
  const { dataset } = document.documentElement;
  if (theme === "auto") delete dataset.theme;
  else dataset.theme = theme;
  dataset.contrast = String(contrast);
  dataset.large = String(large);
}
