export {
  createGateway,
  defaultGatewayOptions,
  type GatewayDependencies,
  type GatewayMount,
  type GatewayOptions,
  type HealthInstruments,
} from "./gateway.ts";
export type { AccessOptions } from "./access.ts";
export type { AlarmName, MemberHealth, MemberVersions } from "./member-health.ts";
