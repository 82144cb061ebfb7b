/** @typedef {{ readonly file: string, readonly find: string, readonly replace: string }} Mutant */

/** @type {Mutant | undefined} */
let mutant;

/** @param {string} json - The mutant; empty for none. */
export function initialize(json) {
  mutant = json === "" ? undefined : JSON.parse(json);
}

/** @type {import("node:module").LoadHook} */
export async function load(url, context, nextLoad) {
  const loaded = await nextLoad(url, context);
  if (mutant === undefined || !url.endsWith(`/${mutant.file}`)) return loaded;
  const { find, replace, file } = mutant;
  const source = String(loaded.source);
  const parts = source.split(find);
  if (parts.length !== 2) {
    throw new Error(`Cannot plant a bug in ${file}: found ${parts.length - 1} places, not one`);
  }
  return { ...loaded, source: parts.join(replace) };
}
