import { frameRules } from "./frame-rules.ts";
import { framingRules } from "./framing-rules.ts";
import { messageRules } from "./message-rules.ts";
import type { Rule, ScriptedRule } from "./rule.ts";
import { flowControlScripts } from "./flow-control-scripts.ts";
import { exchangeScripts } from "./exchange-scripts.ts";
import { streamRules } from "./stream-rules.ts";

/**
 * The sections of RFC 9113 that bind a server on the wire, in order. Left out: 3.1 to 3.3 (how a
 * connection is found, `PortServer`), 6.5.1 (a format), 8.4.1 and 8.4.2 (push, which is never
 * sent), 8.6 (HTTP/1.1), 9 and 10 but for what the hardening tests show.
 */
export const rfc9113Sections: ReadonlyMap<string, string> = new Map([
  ["3.4", "preface"],
  ["4.1", "frame format"],
  ["4.2", "frame size"],
  ["4.3", "field section compression"],
  ["4.3.1", "compression state"],
  ["5.1", "stream states"],
  ["5.1.1", "stream identifiers"],
  ["5.1.2", "stream concurrency"],
  ["5.2", "flow control"],
  ["5.3.2", "priority signals"],
  ["5.4.1", "connection errors"],
  ["5.4.2", "stream errors"],
  ["5.4.3", "end of the TCP connection"],
  ["5.5", "extensions"],
  ["6.1", "DATA"],
  ["6.2", "HEADERS"],
  ["6.3", "PRIORITY"],
  ["6.4", "RST_STREAM"],
  ["6.5", "SETTINGS"],
  ["6.5.2", "defined settings"],
  ["6.5.3", "settings synchronisation"],
  ["6.6", "PUSH_PROMISE"],
  ["6.7", "PING"],
  ["6.8", "GOAWAY"],
  ["6.9", "WINDOW_UPDATE"],
  ["6.9.1", "the flow-control window"],
  ["6.9.2", "the initial window size"],
  ["6.10", "CONTINUATION"],
  ["7", "error codes"],
  ["8.1", "message framing"],
  ["8.1.1", "malformed messages"],
  ["8.2", "fields of answers"],
  ["8.2.1", "field validity"],
  ["8.2.2", "connection-specific fields"],
  ["8.2.3", "cookies"],
  ["8.3", "pseudo-header fields"],
  ["8.3.1", "request pseudo-header fields"],
  ["8.3.2", "response pseudo-header fields"],
  ["8.4", "server push"],
  ["8.5", "CONNECT"],
  ["8.7", "request reliability"],
]);

/** All rules that are bytes and an answer. */
export const rfc9113Rules: readonly Rule[] = [
  ...framingRules,
  ...streamRules,
  ...frameRules,
  ...messageRules,
];

/** All rules that take a conversation. */
export const rfc9113Scripts: readonly ScriptedRule[] = [...flowControlScripts, ...exchangeScripts];
