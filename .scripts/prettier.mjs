/**
 * Arguments of Prettier for the whole repository.
 *
 * @param {"--check" | "--write"} mode
 * @returns {string[]} What follows `node`.
 */
export function prettierArguments(mode) {
  const program = "node_modules/prettier/bin/prettier.cjs";
  const cache = ["--cache", "--cache-strategy=content", "--cache-location=.cache/prettier"];
  return [
    program,
    mode,
    "--log-level=warn",
    "--ignore-path=test/lint/prettierignore",
    ...cache,
    ".",
  ];
}
