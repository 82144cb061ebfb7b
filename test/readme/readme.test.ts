import { declareReadmeTests, neededPrograms, readmePaths } from "./run-blocks.ts";

for (const path of readmePaths()) {
  declareReadmeTests(path, (block) => neededPrograms(block).length === 0);
}
