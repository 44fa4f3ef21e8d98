/** Panels of which one is seen, as tabs: arrows go from one to the next. */

import { its, make } from "./dom.js";

/** @typedef {{ id: string, words: string, mount: (root: HTMLElement) => void }} Panel */

const KEPT = "scorelock.panel";

/**
 * @param {Panel[]} panels
 * @returns {(id: string) => void} shows one
 */
export function showTabs(panels) {
  const list = its("tabs", HTMLElement);
  const bodies = its("panel-bodies", HTMLElement);
  const tabs = panels.map(({ id, words }) =>
    make(
      "button",
      { type: "button", role: "tab", id: `tab-${id}`, "aria-controls": `panel-${id}` },
      words,
    ),
  );
  const roots = panels.map(({ id, mount }) => {
    const root = make("div", {
      role: "tabpanel",
      id: `panel-${id}`,
      class: "panel",
      "aria-labelledby": `tab-${id}`,
      tabindex: 0,
    });
    mount(root);
    return root;
  });
  const choose = (/** @type {number} */ chosen) => {
    tabs.forEach((tab, index) => {
      tab.setAttribute("aria-selected", String(index === chosen));
      tab.tabIndex = index === chosen ? 0 : -1;
    });
    roots.forEach((root, index) => {
      root.hidden = index !== chosen;
    });
    localStorage.setItem(KEPT, panels[chosen]?.id ?? "");
  };
  tabs.forEach((tab, index) => tab.addEventListener("click", () => choose(index)));
  list.addEventListener("keydown", (event) => {
    const here = tabs.findIndex((tab) => tab === document.activeElement);
    const to = nextTab(event.key, here, tabs.length);
    if (to === null) return;
    event.preventDefault();
    choose(to);
    tabs[to]?.focus();
  });
  list.append(...tabs);
  bodies.append(...roots);
  choose(
    Math.max(
      0,
      panels.findIndex(({ id }) => id === localStorage.getItem(KEPT)),
    ),
  );
  return (id) => choose(panels.findIndex((panel) => panel.id === id));
}

/**
 * @param {string} key
 * @param {number} here
 * @param {number} count
 * @returns {number | null}
 */
function nextTab(key, here, count) {
  switch (key) {
    case "ArrowRight":
      return (here + 1) % count;
    case "ArrowLeft":
      return (here + count - 1) % count;
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return null;
  }
}
