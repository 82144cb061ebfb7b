// Generated from packages/api/proto by `npm run generate -w @quorate/api`. Do not edit.
import { bytesSize, int32Size, stringSize, Writer } from "../writer.ts";
import { emptyBytes, Reader } from "../reader.ts";

const noLengths: number[] = [];

/**
 * What a permission allows.
 *
 * Numbers of `authpb.Permission.Type`; fields hold any number, known or not.
 */
export const PermissionType = {
  READ: 0,
  WRITE: 1,
  READWRITE: 2,
} as const;

/** One of the numbers of {@link PermissionType}. */
export type PermissionType = (typeof PermissionType)[keyof typeof PermissionType];

/**
 * How a user may identify itself.
 *
 * `authpb.UserAddOptions` as decoded: every field is there.
 */
export interface UserAddOptions {
  noPassword: boolean;
}

/** {@link UserAddOptions} to encode: what is absent has its default. */
export interface UserAddOptionsInit {
  readonly noPassword?: boolean | undefined;
}

/** @internal */
export function mergeUserAddOptions(reader: Reader, message: UserAddOptions): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 8:
        message.noPassword = reader.bool();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 === 1);
    }
  }
}

/**
 * Decodes `authpb.UserAddOptions`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeUserAddOptions(bytes: Uint8Array): UserAddOptions {
  const message = createUserAddOptions();
  mergeUserAddOptions(new Reader(bytes), message);
  return message;
}

/** @internal */
export function sizeUserAddOptions(message: UserAddOptionsInit, _lengths: number[]): number {
  let size = 0;
  const noPassword = message.noPassword;
  if (noPassword === true) size += 1 + 1;
  return size;
}

/** @internal */
export function writeUserAddOptions(writer: Writer, message: UserAddOptionsInit): void {
  const noPassword = message.noPassword;
  if (noPassword === true) {
    writer.byte(8);
    writer.byte(noPassword ? 1 : 0);
  }
}

/** Encodes `authpb.UserAddOptions`. */
export function encodeUserAddOptions(message: UserAddOptionsInit): Uint8Array {
  const writer = new Writer(sizeUserAddOptions(message, noLengths));
  writeUserAddOptions(writer, message);
  return writer.finish();
}

/** @internal */
export function createUserAddOptions(): UserAddOptions {
  return {
    noPassword: false,
  };
}

/**
 * A user with the hash of its password and its roles.
 *
 * `authpb.User` as decoded: every field is there.
 */
export interface User {
  name: Uint8Array;
  password: Uint8Array;
  roles: string[];
  options: UserAddOptions | undefined;
}

/** {@link User} to encode: what is absent has its default. */
export interface UserInit {
  readonly name?: Uint8Array | undefined;
  readonly password?: Uint8Array | undefined;
  readonly roles?: readonly string[] | undefined;
  readonly options?: UserAddOptionsInit | undefined;
}

function mergeUser(reader: Reader, message: User): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        message.name = reader.view();
        break;
      case 18:
        message.password = reader.view();
        break;
      case 26:
        message.roles.push(reader.string());
        break;
      case 34: {
        const outerEnd = reader.enter();
        const nested = (message.options ??= createUserAddOptions());
        mergeUserAddOptions(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 4);
    }
  }
}

/**
 * Decodes `authpb.User`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeUser(bytes: Uint8Array): User {
  const message = createUser();
  mergeUser(new Reader(bytes), message);
  return message;
}

function sizeUser(message: UserInit, lengths: number[]): number {
  let size = 0;
  const name = message.name;
  if (name !== undefined && name.length > 0) size += 1 + bytesSize(name.length);
  const password = message.password;
  if (password !== undefined && password.length > 0) size += 1 + bytesSize(password.length);
  const roles = message.roles;
  if (roles !== undefined) {
    for (const item of roles) {
      size += 1 + stringSize(item);
    }
  }
  const options = message.options;
  if (options !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeUserAddOptions(options, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  return size;
}

function writeUser(writer: Writer, message: UserInit): void {
  const name = message.name;
  if (name !== undefined && name.length > 0) {
    writer.byte(10);
    writer.view(name);
  }
  const password = message.password;
  if (password !== undefined && password.length > 0) {
    writer.byte(18);
    writer.view(password);
  }
  const roles = message.roles;
  if (roles !== undefined) {
    for (const item of roles) {
      writer.byte(26);
      writer.string(item);
    }
  }
  const options = message.options;
  if (options !== undefined) {
    writer.byte(34);
    writer.nestedLength();
    writeUserAddOptions(writer, options);
  }
}

/** Encodes `authpb.User`. */
export function encodeUser(message: UserInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeUser(message, lengths), lengths);
  writeUser(writer, message);
  return writer.finish();
}

function createUser(): User {
  return {
    name: emptyBytes,
    password: emptyBytes,
    roles: [],
    options: undefined,
  };
}

/**
 * What is allowed on a half-open interval of keys.
 *
 * `authpb.Permission` as decoded: every field is there.
 */
export interface Permission {
  /** See {@link PermissionType}. */
  permType: number;
  key: Uint8Array;
  rangeEnd: Uint8Array;
}

/** {@link Permission} to encode: what is absent has its default. */
export interface PermissionInit {
  /** See {@link PermissionType}. */
  readonly permType?: number | undefined;
  readonly key?: Uint8Array | undefined;
  readonly rangeEnd?: Uint8Array | undefined;
}

/** @internal */
export function mergePermission(reader: Reader, message: Permission): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 8:
        message.permType = reader.int32();
        break;
      case 18:
        message.key = reader.view();
        break;
      case 26:
        message.rangeEnd = reader.view();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 3);
    }
  }
}

/**
 * Decodes `authpb.Permission`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodePermission(bytes: Uint8Array): Permission {
  const message = createPermission();
  mergePermission(new Reader(bytes), message);
  return message;
}

/** @internal */
export function sizePermission(message: PermissionInit, _lengths: number[]): number {
  let size = 0;
  const permType = message.permType;
  if (permType !== undefined && permType !== 0) size += 1 + int32Size(permType);
  const key = message.key;
  if (key !== undefined && key.length > 0) size += 1 + bytesSize(key.length);
  const rangeEnd = message.rangeEnd;
  if (rangeEnd !== undefined && rangeEnd.length > 0) size += 1 + bytesSize(rangeEnd.length);
  return size;
}

/** @internal */
export function writePermission(writer: Writer, message: PermissionInit): void {
  const permType = message.permType;
  if (permType !== undefined && permType !== 0) {
    writer.byte(8);
    writer.varint(permType);
  }
  const key = message.key;
  if (key !== undefined && key.length > 0) {
    writer.byte(18);
    writer.view(key);
  }
  const rangeEnd = message.rangeEnd;
  if (rangeEnd !== undefined && rangeEnd.length > 0) {
    writer.byte(26);
    writer.view(rangeEnd);
  }
}

/** Encodes `authpb.Permission`. */
export function encodePermission(message: PermissionInit): Uint8Array {
  const writer = new Writer(sizePermission(message, noLengths));
  writePermission(writer, message);
  return writer.finish();
}

/** @internal */
export function createPermission(): Permission {
  return {
    permType: 0,
    key: emptyBytes,
    rangeEnd: emptyBytes,
  };
}

/**
 * A named set of permissions.
 *
 * `authpb.Role` as decoded: every field is there.
 */
export interface Role {
  name: Uint8Array;
  keyPermission: Permission[];
}

/** {@link Role} to encode: what is absent has its default. */
export interface RoleInit {
  readonly name?: Uint8Array | undefined;
  readonly keyPermission?: readonly PermissionInit[] | undefined;
}

function mergeRole(reader: Reader, message: Role): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        message.name = reader.view();
        break;
      case 18: {
        const outerEnd = reader.enter();
        const nested = createPermission();
        message.keyPermission.push(nested);
        mergePermission(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 2);
    }
  }
}

/**
 * Decodes `authpb.Role`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeRole(bytes: Uint8Array): Role {
  const message = createRole();
  mergeRole(new Reader(bytes), message);
  return message;
}

function sizeRole(message: RoleInit, lengths: number[]): number {
  let size = 0;
  const name = message.name;
  if (name !== undefined && name.length > 0) size += 1 + bytesSize(name.length);
  const keyPermission = message.keyPermission;
  if (keyPermission !== undefined) {
    for (const item of keyPermission) {
      const slot = lengths.push(0) - 1;
      const nestedSize = sizePermission(item, lengths);
      lengths[slot] = nestedSize;
      size += 1 + bytesSize(nestedSize);
    }
  }
  return size;
}

function writeRole(writer: Writer, message: RoleInit): void {
  const name = message.name;
  if (name !== undefined && name.length > 0) {
    writer.byte(10);
    writer.view(name);
  }
  const keyPermission = message.keyPermission;
  if (keyPermission !== undefined) {
    for (const item of keyPermission) {
      writer.byte(18);
      writer.nestedLength();
      writePermission(writer, item);
    }
  }
}

/** Encodes `authpb.Role`. */
export function encodeRole(message: RoleInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeRole(message, lengths), lengths);
  writeRole(writer, message);
  return writer.finish();
}

function createRole(): Role {
  return {
    name: emptyBytes,
    keyPermission: [],
  };
}
