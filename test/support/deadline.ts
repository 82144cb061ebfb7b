/**
 * Waits for a promise, but not for ever.
 *
 * @param what - What did not happen, for the message: "a watch response".
 * @throws Error when `millis` have passed first; the promise itself goes on.
 */
export async function within<T>(millis: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`Waited ${millis} ms in vain for ${what}`));
    }, millis);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Asks again and again, without a pause between, until the answer is there.
 *
 * For conditions that only another request can see; each `ask` has to be such a request, so that
 * the wait yields to the process waited for.
 */
export async function until<T>(
  millis: number,
  what: string,
  ask: () => Promise<T | undefined>,
): Promise<T> {
  const end = performance.now() + millis;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > end) throw new Error(`Waited ${millis} ms in vain for ${what}`);
  }
}
