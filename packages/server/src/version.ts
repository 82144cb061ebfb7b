/** Version of this software. */
export const softwareVersion = "0.1.0";

/** Version of etcd whose behaviour is served; what Status and /version tell clients. */
export const protocolVersion = "3.7.1";

/** Version that a whole cluster of such members serves. */
export const clusterVersion = "3.7.0";
