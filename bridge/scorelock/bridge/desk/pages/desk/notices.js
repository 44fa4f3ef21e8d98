/** What is said to the user: passing words, works that go on, a desk that does not answer. */

import { button, its, make, setWords } from "./dom.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("../messages").Work} Work */

const STAYS_MS = 9000;
const MOST = 4;

/**
 * @param {string} words
 * @param {boolean} [bad] it stays until it is closed
 */
export function tell(words, bad = false) {
  const toasts = its("toasts", HTMLElement);
  for (const there of [...toasts.children])
    if (there.firstChild?.textContent === words) there.remove();
  while (toasts.children.length >= MOST) toasts.firstElementChild?.remove();
  const toast = make("div", { class: bad ? "toast bad" : "toast" }, make("p", {}, words));
  toast.append(button("Close", () => toast.remove(), { "aria-label": "Close this note" }));
  toasts.append(toast);
  if (!bad) setTimeout(() => toast.remove(), STAYS_MS);
  announce(words);
}

/** @param {string} words for those who hear the page */
export const announce = (words) => setWords(its("live", HTMLElement), words);

/** @param {Store} store */
export function showNotices(store) {
  store.on("trouble", ({ words }) => tell(words, true));
  showLost(store);
  showWorks(store);
  showEmpty(store);
  showHealth(store);
}

/** @param {Store} store */
function showLost(store) {
  const bar = its("lost", HTMLElement);
  const parts = ["transport", "tools", "tabs", "panel-bodies"].map((id) => its(id, HTMLElement));
  const said = its("said", HTMLElement);
  store.wire.watch((state) => {
    bar.hidden = state !== "lost";
    setWords(bar, state === "lost" ? "The desk does not answer; trying again…" : "");
    for (const part of parts) part.inert = state !== "open";
    document.body.dataset.wire = state;
  });
  store.on("cue_is", ({ draft, version }) => {
    const words = "This is a draft: it plays while the film is still being watched.";
    setWords(said, draft && version > 0 ? words : "");
  });
}

/** @param {Store} store */
function showWorks(store) {
  const place = its("works", HTMLElement);
  /** @type {Map<string, { root: HTMLElement, words: HTMLElement, bar: HTMLProgressElement }>} */
  const rows = new Map();
  store.onWorks((works) => {
    for (const [name, row] of rows)
      if (!works.has(name)) {
        row.root.remove();
        rows.delete(name);
      }
    for (const [name, work] of works) {
      const row = rows.get(name) ?? workRow(store, name);
      if (!rows.has(name)) place.append(row.root);
      rows.set(name, row);
      setWords(row.words, work.words);
      setShare(row.bar, work.share);
      row.bar.setAttribute("aria-label", work.words);
    }
  });
}

/**
 * @param {Store} store
 * @param {string} name
 */
function workRow(store, name) {
  const words = make("span");
  const bar = make("progress", { max: 1 });
  const cancel = button("Cancel", () => store.say({ kind: "cancel", work: name }), {
    "aria-label": `Cancel ${name}`,
  });
  return { root: make("div", { class: "work" }, words, bar, cancel), words, bar };
}

/**
 * @param {HTMLProgressElement} bar
 * @param {number | null} share
 */
function setShare(bar, share) {
  if (share === null) bar.removeAttribute("value");
  else bar.value = share;
}

/** @param {Store} store */
function showEmpty(store) {
  const place = its("empty", HTMLElement);
  const bar = its("empty-bar", HTMLProgressElement);
  const title = its("empty-title", HTMLElement);
  const words = its("empty-words", HTMLElement);
  const shown = () => {
    place.hidden = store.score !== null;
    if (store.score) return;
    const work = [...store.works.values()].find((each) => each.work !== "proxy");
    // Before the first draft, watching is on its way, though nothing may be told of it yet.
    const comes = work !== undefined || (store.get("cue_is")?.draft ?? true);
    bar.hidden = !comes;
    setShare(bar, work?.share ?? null);
    setWords(title, work?.words ?? (comes ? "Opening the film" : "No score yet"));
    setWords(
      words,
      comes
        ? "The first chords are there in a moment: a draft plays while the rest is being watched."
        : "Compose one under Compose; the film plays all the same.",
    );
  };
  store.onScore(shown);
  store.onWorks(shown);
  store.on("cue_is", shown);
}

/** @param {Store} store */
function showHealth(store) {
  const health = its("health", HTMLElement);
  store.on("hosts", ({ notes_sent, notes_late, drop_outs }) => {
    const counted = [
      `${notes_sent} ${notes_sent === 1 ? "note" : "notes"} sent`,
      ...(notes_late ? [`${notes_late} late`] : []),
      ...(drop_outs ? [`${drop_outs} ${drop_outs === 1 ? "drop-out" : "drop-outs"}`] : []),
    ];
    setWords(health, counted.join(" · "));
  });
}
