import { fileURLToPath } from "node:url";
import { testDataDirectory } from "@quorate/platform/testing";
import { createScript } from "./harness/script.ts";

testDataDirectory(fileURLToPath(new URL("testdata", import.meta.url)), createScript);
