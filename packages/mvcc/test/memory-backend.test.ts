import { MemoryBackend } from "@quorate/mvcc";
import { testBackendCompliance } from "./backend-compliance.ts";
import { NodeFileSystem } from "@quorate/platform";
import { temporaryDirectory } from "./support.ts";

testBackendCompliance("MemoryBackend", async () => {
  const directory = await temporaryDirectory();
  let content = new MemoryBackend({ fileSystem: new NodeFileSystem() });
  return {
    directory: directory.path,
    open: () => {
      content = content.crash();
      return Promise.resolve(content);
    },
    crash: () => {
      content = content.crash();
      return Promise.resolve(content);
    },
    dispose: directory.dispose,
  };
});
