import { ConnectionError, ErrorCode } from "./error-code.ts";
import { frameBytesMax, initialWindowBytes, readUint32, windowBytesMax } from "./frame.ts";

/** The settings of RFC 9113, 6.5.2. */
export const SettingId = {
  HEADER_TABLE_SIZE: 1,
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
} as const;

const settingBytes = 6;
const frameBytesMaxMost = 2 ** 24 - 1;

/** What a client said about itself; before that, the defaults of RFC 9113, 6.5.2. */
export class PeerSettings {
  headerTableBytes = 4_096;
  /** The least that `headerTableBytes` was while the last SETTINGS frame was taken. */
  headerTableBytesLeast = 4_096;
  initialWindowBytes: number = initialWindowBytes;
  frameBytesMax: number = frameBytesMax;

  /**
   * Takes the payload of a SETTINGS frame; of settings that come twice in it, the last counts.
   *
   * @throws {@link ConnectionError} for values outside of their range.
   */
  apply(bytes: Buffer, begin: number, end: number): void {
    this.headerTableBytesLeast = this.headerTableBytes;
    for (let at = begin; at + settingBytes <= end; at += settingBytes) {
      this.#set(((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0), readUint32(bytes, at + 2));
    }
  }

  #set(id: number, value: number): void {
    switch (id) {
      case SettingId.HEADER_TABLE_SIZE:
        this.headerTableBytes = value;
        if (value < this.headerTableBytesLeast) this.headerTableBytesLeast = value;
        return;
      case SettingId.ENABLE_PUSH:
        if (value > 1) throw outOfRange("ENABLE_PUSH", value, ErrorCode.PROTOCOL_ERROR);
        return;
      case SettingId.INITIAL_WINDOW_SIZE:
        if (value > windowBytesMax) {
          throw outOfRange("INITIAL_WINDOW_SIZE", value, ErrorCode.FLOW_CONTROL_ERROR);
        }
        this.initialWindowBytes = value;
        return;
      case SettingId.MAX_FRAME_SIZE:
        if (value < frameBytesMax || value > frameBytesMaxMost) {
          throw outOfRange("MAX_FRAME_SIZE", value, ErrorCode.PROTOCOL_ERROR);
        }
        this.frameBytesMax = value;
        return;
      default: // Of no use to a server, or unknown: to be ignored.
    }
  }
}

/** The payload of a SETTINGS frame. */
export function settingsPayload(settings: readonly (readonly [number, number])[]): Buffer {
  const payload = Buffer.alloc(settings.length * settingBytes);
  settings.forEach(([id, value], index) => {
    payload.writeUInt16BE(id, index * settingBytes);
    payload.writeUInt32BE(value, index * settingBytes + 2);
  });
  return payload;
}

function outOfRange(name: string, value: number, code: ErrorCode): ConnectionError {
  return new ConnectionError(code, `SETTINGS_${name} is ${value}`);
}
