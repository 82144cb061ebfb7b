/** Prints where the time of CPU profiles went: `main.ts FILE.cpuprofile ...`. */
import { profileText, readProfile, summarizeProfile } from "./cpu-profile.ts";

const paths = process.argv.slice(2);
if (paths.length === 0) {
  process.stderr.write("usage: main.ts FILE.cpuprofile ...\n");
  process.exitCode = 2;
}
for (const path of paths) {
  const text = profileText(summarizeProfile(await readProfile(path)));
  process.stdout.write(`${path}\n${text}\n`);
}
