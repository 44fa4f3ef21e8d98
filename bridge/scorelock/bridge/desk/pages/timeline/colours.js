/** The page's colours as a canvas can use them, and where they change. */

const NAMES = /** @type {const} */ ([
  ...["ground", "panel", "raised", "line", "line-strong", "ink", "ink-soft", "accent"],
  ...["chord", "chord-line", "chord-ink", "locked", "hit", "cut", "motion", "density"],
  ...["loudness", "played", "exciting", "fearful", "tense", "sad", "relaxing", "neutral"],
]);

/** @typedef {Record<string, string>} Colours by name, without the dashes of the variable */

/**
 * Canvas does not read `var()` nor `light-dark()`: an element is asked what they come to.
 * @param {HTMLElement} root
 * @returns {Colours}
 */
export function coloursOf(root) {
  const probes = NAMES.map((name) => {
    const probe = document.createElement("i");
    probe.hidden = true;
    probe.style.setProperty("color", `var(--${name})`);
    return probe;
  });
  root.append(...probes);
  const pairs = NAMES.map((name, nth) => {
    const probe = probes[nth];
    return [name, probe ? getComputedStyle(probe).color : ""];
  });
  for (const probe of probes) probe.remove();
  return Object.fromEntries(pairs);
}

/**
 * @param {() => void} changed called when the theme or the pixel ratio changes
 * @returns {() => void} ends it
 */
export function watchLooks(changed) {
  const ends = new AbortController();
  const { signal } = ends;
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed, { signal });
  const watchRatio = () => {
    const ratio = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    const again = () => {
      changed();
      watchRatio();
    };
    ratio.addEventListener("change", again, { signal, once: true });
  };
  watchRatio();
  const themes = new MutationObserver(changed);
  themes.observe(document.documentElement, { attributeFilter: ["data-theme", "class"] });
  document.fonts?.addEventListener("loadingdone", changed, { signal });
  return () => {
    ends.abort();
    themes.disconnect();
  };
}
