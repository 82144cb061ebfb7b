import type { Client } from "@quorate/client";

/** Waits until at least `count` keys exist under a prefix, by watching. */
export async function untilKeys(client: Client, prefix: string, count: number): Promise<void> {
  for (;;) {
    const seen = await client.range({ prefix }, { countOnly: true });
    if (seen.count >= count) return;
    await using watcher = client.watch({ prefix }, { startRevision: seen.revision + 1 });
    await watcher.batches().next();
  }
}
