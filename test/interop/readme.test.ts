import { declareReadmeTests, neededPrograms, readmePaths } from "../readme/run-blocks.ts";

// Blocks that need more than Node and npm: this suite has installed what they need.
for (const path of readmePaths()) {
  declareReadmeTests(path, (block) => neededPrograms(block).length > 0);
}
