// For simulations of the network below the client: what a `ClientOptions.runtime.createChannel`
// makes and what it is made from.
export {
  CallError,
  type BidiCall,
  type BidiListener,
  type CallSettings,
  type Channel,
  type ChannelCall,
  type ChannelFactory,
  type ServerStreamCall,
} from "../channel.ts";
export { parseEndpoint, type EndpointAddress } from "../endpoint-address.ts";
export type { ResolvedOptions } from "../options.ts";
export type { Runtime } from "../runtime.ts";
// What a scripted server decodes and encodes.
export { services, type TxnRequest } from "@quorate/api";
