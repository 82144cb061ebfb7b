import { byTest, notHere, type KnownBug } from "./known-bug.ts";

const gatewayTests = "packages/gateway/test/gateway.test.ts";
const peerTests = "packages/server/test/peer.test.ts";
const portServerTests = "packages/grpc/test/port-server.test.ts";
const http2HardeningTests = "packages/grpc/test/http2-hardening.test.ts";

/** Who may do what, and who may keep everybody busy. */
export const securityBugs: readonly KnownBug[] = [
  {
    row: "C53",
    title: "keys that nested requests reach past the roles",
    guards: [
      notHere(
        "users and roles are not served; with them every method needs a row in the " +
          "matrix of S2, nested transactions included",
      ),
    ],
  },
  {
    row: "C54",
    title: "a gateway that lends its own identity, and browsers that are led astray",
    guards: [
      byTest(gatewayTests, "refuses hosts that are not listed"),
      byTest(gatewayTests, "other than GET are refused"),
      notHere(
        "neither certificates nor the JSON gateway are served; with them come tests " +
          "of S5 and S12 against a member",
      ),
    ],
  },
  {
    row: "C55",
    title: "connections without end, and trust in the wrong certificates",
    guards: [
      notHere("TLS is not served by members; with it come tests of S4 and S5 on every listener"),
      byTest(peerTests, "PeerListener closes who has not said who it is in time, and nobody else"),
      byTest(peerTests, "PeerListener refuses connections beyond the cap until there is room"),
      byTest(portServerTests, "gives up a handshake that is not finished in time"),
      byTest(
        portServerTests,
        "closes connections beyond the cap and serves again when there is room",
      ),
    ],
  },
  {
    row: "C56",
    title: "passwords and tokens that stay in memory, logs and files",
    guards: [
      notHere(
        "passwords and tokens are not served; with them planted secrets are looked " +
          "for in everything that a member writes (S8)",
      ),
    ],
  },
  {
    row: "C57",
    title: "floods, bombs and broken frames",
    guards: [
      byTest(
        http2HardeningTests,
        "floods end with ENHANCE_YOUR_CALM, and only their own connection",
      ),
      byTest(http2HardeningTests, "resets provoked by DATA behind END_STREAM (CVE-2025-8671)"),
      byTest(http2HardeningTests, "empty CONTINUATION frames without end (CVE-2024-27316)"),
      byTest(
        "packages/grpc/test/http2-grpc.test.ts",
        "that grow beyond the limit are RESOURCE_EXHAUSTED",
      ),
      byTest(
        "packages/grpc/test/fuzz-http2.test.ts",
        "broken conversations end their own connection at most",
      ),
    ],
  },
];
