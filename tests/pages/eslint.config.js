import js from "@eslint/js";
import globals from "globals";

const rules = {
  ...js.configs.recommended.rules,
  "no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
  "no-implicit-globals": "error",
  eqeqeq: ["error", "always"],
  "no-var": "error",
  "prefer-const": "error",
  "no-shadow": "error",
  "no-console": "error",
  "no-eval": "error",
  "no-new-func": "error",
  // Text of users goes to textContent; markup made of text is a way in.
  "no-restricted-properties": [
    "error",
    { property: "innerHTML", message: "Use textContent, or make elements." },
    { property: "outerHTML", message: "Use textContent, or make elements." },
    { property: "insertAdjacentHTML", message: "Use textContent, or make elements." },
  ],
  complexity: ["error", 12],
  "max-depth": ["error", 3],
  "max-params": ["error", 5],
  "max-lines": ["error", { max: 400 }],
  "max-lines-per-function": ["error", { max: 60, skipBlankLines: true, skipComments: true }],
};

export default [
  { ignores: ["**/*.d.ts"] },
  { files: ["**/*.js"], languageOptions: { ecmaVersion: 2022, sourceType: "module" }, rules },
  { files: ["**/desk/pages/**"], languageOptions: { globals: globals.browser } },
  {
    files: ["tests/pages/**"],
    languageOptions: { globals: globals.node },
    rules: { "no-console": "off", "max-lines-per-function": "off" },
  },
];
