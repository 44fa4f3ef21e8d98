/** What the user sees of the film when there is nothing to see, and its sound. */

import { icon, its, setWords } from "./dom.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./film.js").FilmPlayer} FilmPlayer */

const WORDS = {
  none: "This film is not shown here. The timeline and the score play all the same.",
  opening: "The film is on its way.",
  ready: "",
  cannot:
    "This browser cannot show the film as it is coded. The timeline and the score play all the " +
    "same; a copy in a form that every browser knows can be made beside the cue.",
};

/**
 * @param {FilmPlayer} film
 * @param {Store} store
 * @param {() => void} clicked what a click on the picture does
 */
export function showFilm(film, store, clicked) {
  const state = its("film-state", HTMLElement);
  const words = its("film-words", HTMLElement);
  const proxy = its("make-proxy", HTMLButtonElement);
  const shown = () => {
    const work = store.works.get("proxy");
    state.hidden = film.state === "ready";
    proxy.hidden = film.state !== "cannot" || work !== undefined;
    setWords(words, work && film.state === "cannot" ? work.words : WORDS[film.state]);
  };
  proxy.addEventListener("click", () => store.say({ kind: "make_proxy" }));
  film.addEventListener("change", shown);
  store.onWorks(shown);
  film.video.addEventListener("click", clicked);
  shown();
  soundOf(film);
}

/** @param {FilmPlayer} film */
function soundOf(film) {
  const { video } = film;
  const mute = its("film-mute", HTMLButtonElement);
  const volume = its("film-volume", HTMLInputElement);
  const shown = () => {
    const words = video.muted ? "Hear the film" : "Mute the film";
    mute.replaceChildren(icon(video.muted ? "film-mute" : "film-sound"));
    mute.setAttribute("aria-label", "Mute the film");
    mute.setAttribute("aria-pressed", String(video.muted));
    mute.title = words;
  };
  video.volume = volume.valueAsNumber / 100;
  volume.addEventListener("input", () => {
    video.volume = volume.valueAsNumber / 100;
    video.muted = false;
  });
  mute.addEventListener("click", () => {
    video.muted = !video.muted;
  });
  video.addEventListener("volumechange", shown);
  shown();
}
