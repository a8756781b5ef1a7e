// The curve of Ed25519 (RFC 8032, section 5.1) in whole numbers: what a strict verifier asks before and beside its library.
// A point is [X, Y, Z, T] with x = X/Z, y = Y/Z, xy = T/Z. Nothing here is secret, so nothing here runs in constant time.

import { bytesOfHex } from "./bytes.js";

const P = 2n ** 255n - 19n;
/** The order of the base point. */
export const L = 2n ** 252n + 27742317777372353535851937790883648493n;

const mod = (a) => ((a % P) + P) % P;

function power(base, exponent) {
  let result = 1n;
  for (let b = base; exponent; exponent >>= 1n, b = (b * b) % P) if (exponent & 1n) result = (result * b) % P;
  return result;
}

const inverse = (a) => power(a, P - 2n);
const D = mod(-121665n * inverse(121666n));
const ROOT_OF_MINUS_ONE = power(2n, (P - 1n) / 4n);
const NEUTRAL = [0n, 1n, 1n, 0n];

/** The integer of little-endian bytes. */
export function littleEndian(bytes) {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i -= 1) value = (value << 8n) | BigInt(bytes[i]);
  return value;
}

/** The point that 32 bytes encode, or null where y is not below p or there is no such point. */
export function decodePoint(bytes) {
  const sign = BigInt(bytes[31] >> 7);
  const y = littleEndian(bytes) & (2n ** 255n - 1n);
  if (y >= P) return null;
  const u = mod(y * y - 1n);
  const v = mod(D * y * y + 1n);
  let x = (u * power(v, 3n) * power((u * power(v, 7n)) % P, (P - 5n) / 8n)) % P;
  const square = mod(v * x * x);
  if (square === mod(-u)) x = (x * ROOT_OF_MINUS_ONE) % P;
  else if (square !== u) return null;
  if (x === 0n && sign === 1n) return null;
  if ((x & 1n) !== sign) x = P - x;
  return [x, y, 1n, (x * y) % P];
}

export function encodePoint([X, Y, Z]) {
  const z = inverse(Z);
  const x = (X * z) % P;
  const value = ((Y * z) % P) | ((x & 1n) << 255n);
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 255n));
}

function add([X1, Y1, Z1, T1], [X2, Y2, Z2, T2]) {
  const a = mod((Y1 - X1) * (Y2 - X2));
  const b = ((Y1 + X1) * (Y2 + X2)) % P;
  const c = (((2n * T1 * T2) % P) * D) % P;
  const d = (2n * Z1 * Z2) % P;
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

const negate = ([X, Y, Z, T]) => [mod(-X), Y, Z, mod(-T)];
const BASE = decodePoint(bytesOfHex(`58${"66".repeat(31)}`));

/** s·B − h·A, for scalars below 2^256. */
export function combine(s, h, point) {
  const minus = negate(point);
  const sum = add(BASE, minus);
  let result = NEUTRAL;
  for (let bit = 255n; bit >= 0n; bit -= 1n) {
    result = add(result, result);
    const chosen = [null, BASE, minus, sum][Number(((s >> bit) & 1n) | (((h >> bit) & 1n) << 1n))];
    if (chosen) result = add(result, chosen);
  }
  return result;
}

// The points whose order divides 8, in every encoding a lenient library takes: y = 0, 1, −1, p and p + 1, and the two y of
// order 8, each with either sign.
const SMALL = new Set(
  [
    "00".repeat(32),
    `01${"00".repeat(31)}`,
    `ec${"ff".repeat(30)}7f`,
    `ed${"ff".repeat(30)}7f`,
    `ee${"ff".repeat(30)}7f`,
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  ].map((hex) => littleEndian(bytesOfHex(hex))),
);

/** Whether 32 bytes are one of the fourteen encodings of a point of small order. */
export function isSmallOrder(bytes) {
  return SMALL.has(littleEndian(bytes) & (2n ** 255n - 1n));
}
