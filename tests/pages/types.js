/**
 * Makes the pages' `messages.d.ts` from `messages.schema.json`; without --write it tells whether
 * the one that is there is what it would make.
 */

import { readFile, writeFile } from "node:fs/promises";
import { compile } from "json-schema-to-typescript";
import { format } from "prettier";

const PAGES = new URL("../../bridge/scorelock/bridge/desk/pages/", import.meta.url);
const BANNER =
  "/* What pages and the desk say to one another; made by `npm run types`, not by hand. */";
const ROOTS = ["Ask", "PlayerAsk", "Tell", "ScoreFile"];

/** @typedef {{ [key: string]: any }} Schema */

/**
 * @param {any} node
 * @returns {string[]} the definitions that it speaks of
 */
function spokenOf(node) {
  if (node === null || typeof node !== "object") return [];
  const own = typeof node.$ref === "string" ? [node.$ref.replace("#/$defs/", "")] : [];
  return [...own, ...Object.values(node).flatMap(spokenOf)];
}

/**
 * @param {Schema} defs
 * @param {string[]} names
 * @returns {Set<string>} these and all that they speak of
 */
function reached(defs, names) {
  const seen = new Set();
  const next = [...names];
  for (let name = next.pop(); name !== undefined; name = next.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    next.push(...spokenOf(defs[name]));
  }
  return seen;
}

/**
 * Of JSON Schema 2020-12 in the words of draft 4, which the compiler knows: tuples. The lengths of
 * other lists are no types.
 * @param {any} node
 * @returns {any}
 */
function known(node) {
  if (Array.isArray(node)) return node.map(known);
  if (node === null || typeof node !== "object") return node;
  const { prefixItems, discriminator: _d, minItems: _min, maxItems: _max, ...rest } = node;
  if (typeof rest.description === "string")
    rest.description = rest.description.replace(/^ +/gm, "");
  const plain = Object.fromEntries(Object.entries(rest).map(([key, each]) => [key, known(each)]));
  if (!prefixItems) return plain;
  const length = prefixItems.length;
  const items = known(prefixItems);
  return { ...plain, items, additionalItems: false, minItems: length, maxItems: length };
}

/** @param {Schema} schema */
async function types({ $defs }) {
  const asked = reached($defs, ["Ask"]);
  for (const name of reached($defs, ["Tell", "ScoreFile"])) {
    const told = $defs[name];
    if (asked.has(name) || !told.properties) continue;
    // The desk leaves nothing out of what it says; a page may leave out what has a default.
    told.required = Object.keys(told.properties);
    told.additionalProperties = false;
  }
  const anyOf = ROOTS.map((name) => ({ $ref: `#/$defs/${name}` }));
  const root = known({ title: "Anything", anyOf, $defs });
  const text = await compile(root, "Anything", { bannerComment: BANNER, format: false });
  return format(text, { parser: "typescript", printWidth: 100 });
}

const wanted = await types(
  JSON.parse(await readFile(new URL("messages.schema.json", PAGES), "utf-8")),
);
const path = new URL("messages.d.ts", PAGES);
if (process.argv.includes("--write")) {
  await writeFile(path, wanted);
} else if ((await readFile(path, "utf-8").catch(() => "")) !== wanted) {
  console.error("messages.d.ts is not what messages.schema.json says: npm run types");
  process.exitCode = 1;
}
