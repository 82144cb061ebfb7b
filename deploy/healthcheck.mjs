// Asks a member whether it serves. Exit code 0: yes; 1: no, with the reason on standard error.
// The address may be given as the first argument.
const url = process.argv[2] ?? "http://127.0.0.1:2379/health";

try {
  const response = await fetch(url, { signal: AbortSignal.timeout(4_000) });
  if (!response.ok) {
    console.error(`Cannot call it healthy: ${url} answers ${response.status}`);
    console.error(await response.text());
    process.exitCode = 1;
  }
} catch (error) {
  const reason = error instanceof Error ? (error.cause ?? error.message) : error;
  console.error(`Cannot call it healthy: ${url} does not answer: ${reason}`);
  process.exitCode = 1;
}
