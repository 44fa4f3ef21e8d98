/** How much of the score is the picture's doing. */

import { button, make, setWords } from "./dom.js";

/** @typedef {import("./store.js").Store} Store */

/**
 * @param {HTMLElement} root
 * @param {Store} store
 */
export function mountPicture(root, store) {
  const words = make("p", { class: "reading" });
  const bars = make("div", { class: "shares", hidden: true });
  const picture = shareBar("Another picture, same seed");
  const chance = shareBar("Same picture, another seed");
  bars.append(picture.root, chance.root);
  const run = button("Run the swap test", () => store.say({ kind: "swap_test" }), {
    class: "main",
  });
  root.append(
    make(
      "p",
      { class: "hint" },
      "The swap test composes again with another picture in this one's place, and counts the " +
        "seconds whose chord is another then. What another seed alone would change stands beside it.",
    ),
    make("div", { class: "line" }, run),
    words,
    bars,
  );
  store.on("influence", (reading) => {
    setWords(words, reading.words);
    bars.hidden = false;
    picture.show(reading.changed);
    chance.show(reading.changed_again);
  });
  const shown = () => {
    run.disabled = store.works.has("swap test") || store.score === null;
    setWords(run, store.works.has("swap test") ? "Measuring…" : "Run the swap test");
  };
  store.onWorks(shown);
  store.onScore(shown);
  shown();
}

/** @param {string} name */
function shareBar(name) {
  const bar = make("meter", { min: 0, max: 1, value: 0, "aria-label": name });
  const percent = make("span", { class: "percent" });
  return {
    root: make("div", { class: "share" }, make("span", {}, name), bar, percent),
    show: (/** @type {number} */ share) => {
      bar.value = share;
      setWords(percent, `${Math.round(100 * share)} %`);
    },
  };
}
