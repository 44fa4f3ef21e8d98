/** Elements, made in one line. All text goes in as text. */

/** @typedef {string | number | boolean | null | undefined | ((event: any) => void)} Attribute */

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, Attribute>} [attributes] a function is a listener; false and null are left
 *     out, true is an empty attribute
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== false && value !== null && value !== undefined)
      element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

/**
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T} the page's own element of that id
 */
export function its(id, kind) {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`the page has no ${kind.name} #${id}`);
  return element;
}

/**
 * @param {string} name of a symbol in the page
 * @returns {SVGElement}
 */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/**
 * A button that shows a symbol and is called by words.
 *
 * @param {string} symbol
 * @param {string} words
 * @param {() => void} pressed
 * @param {Record<string, Attribute>} [more]
 */
export const iconButton = (symbol, words, pressed, more = {}) =>
  make(
    "button",
    { type: "button", "aria-label": words, title: words, click: pressed, ...more },
    icon(symbol),
  );

/**
 * @param {string} words
 * @param {() => void} pressed
 * @param {Record<string, Attribute>} [more]
 */
export const button = (words, pressed, more = {}) =>
  make("button", { type: "button", click: pressed, ...more }, words);

/**
 * @param {string} name how it is called
 * @param {Array<[string, string]>} options value and words
 * @param {(value: string) => void} chosen
 */
export function choice(name, options, chosen) {
  const select = make("select", {
    "aria-label": name,
    title: name,
    change: () => chosen(select.value),
  });
  setOptions(select, options);
  return select;
}

/**
 * Offer other things, and keep what is chosen if it is still among them.
 *
 * @param {HTMLSelectElement} select
 * @param {Array<[string, string]>} options value and words
 */
export function setOptions(select, options) {
  const before = select.value;
  select.replaceChildren(...options.map(([value, words]) => make("option", { value }, words)));
  if (options.some(([value]) => value === before)) select.value = before;
}

/**
 * @param {string} words
 * @param {HTMLElement} field
 * @param {string} [hint]
 */
export function labelled(words, field, hint) {
  const label = make("label", { class: "field" }, make("span", {}, words), field);
  if (hint) label.append(make("small", {}, hint));
  return label;
}

/**
 * Show what the desk says, unless the user is at it just now.
 *
 * @param {HTMLInputElement | HTMLSelectElement} field
 * @param {string | number} value
 */
export function show(field, value) {
  if (document.activeElement !== field) field.value = String(value);
}

/**
 * @param {Element} element
 * @param {string} words
 */
export function setWords(element, words) {
  if (element.textContent !== words) element.textContent = words;
}
