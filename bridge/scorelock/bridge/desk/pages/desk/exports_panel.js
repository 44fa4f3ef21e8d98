/** The score as files, in every format there is. */

import { make, setWords } from "./dom.js";
import { announce, tell } from "./notices.js";

/** @typedef {import("./store.js").Store} Store */

/**
 * @param {HTMLElement} root
 * @param {Store} store
 */
export function mountExports(root, store) {
  const list = make("ul", { class: "formats" });
  const hint = make("p", { class: "hint" }, "Each is the take that plays now, as it is now.");
  root.append(hint, list);
  const read = async () => {
    try {
      const answer = await fetch("/formats.json");
      /** @type {Array<[string, string]>} */
      const formats = await answer.json();
      list.replaceChildren(...formats.map(([ending, words]) => formatRow(store, ending, words)));
    } catch {
      setWords(hint, "What can be exported is not known just now; reload the page to ask again.");
    }
  };
  let asked = false;
  store.on("welcome", () => {
    if (!asked) void read();
    asked = true;
  });
  store.onScore((score) => {
    list.inert = score === null;
  });
}

/**
 * @param {Store} store
 * @param {string} ending
 * @param {string} words
 */
function formatRow(store, ending, words) {
  const save = make("button", { type: "button", class: "format" });
  save.append(make("b", {}, ending), make("span", {}, words));
  save.addEventListener("click", async () => {
    save.disabled = true;
    save.classList.add("busy");
    await download(nameOf(store, ending));
    save.disabled = false;
    save.classList.remove("busy");
  });
  return make("li", {}, save);
}

/**
 * @param {Store} store
 * @param {string} ending
 */
function nameOf(store, ending) {
  const film = store.get("welcome")?.film ?? "score";
  return film.replace(/\.[^.]+$/, "") + ending;
}

/** @param {string} name */
async function download(name) {
  try {
    const answer = await fetch(`/export/${encodeURIComponent(name)}`);
    if (!answer.ok) {
      const words = answer.headers.get("content-type")?.startsWith("text/plain")
        ? (await answer.text()).trim()
        : "";
      tell(words || `${name} could not be made`, true);
      return;
    }
    const link = make("a", { href: URL.createObjectURL(await answer.blob()), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    announce(`${name} is downloaded`);
  } catch {
    tell(`${name} could not be fetched: the desk does not answer`, true);
  }
}
