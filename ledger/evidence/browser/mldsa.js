// ML-DSA-44, verification only (FIPS 204, algorithms 3 and 8), with the empty context. Polynomials have 256 coefficients
// below q, as doubles: a product of two is below 2^46 and exact.

import { equal } from "./bytes.js";
import { shake128, shake256 } from "./keccak.js";

const Q = 8380417;
const [N, K, ELL, DROPPED_BITS, TAU, OMEGA] = [256, 4, 4, 13, 39, 80];
const GAMMA1 = 2 ** 17;
const GAMMA2 = (Q - 1) / 88;
const BETA = 78;
export const ML_DSA_44_PUBLIC_BYTES = 1312;
export const ML_DSA_44_SIGNATURE_BYTES = 2420;

/** 1753 to the powers 0 … 255 in bit-reversed order (FIPS 204, appendix B). */
const ZETAS = (() => {
  const powers = [1];
  for (let i = 1; i < N; i += 1) powers.push((powers[i - 1] * 1753) % Q);
  const reversed = (n) => parseInt(n.toString(2).padStart(8, "0").split("").reverse().join(""), 2);
  return powers.map((_, i) => powers[reversed(i)]);
})();

/** Whether `signature` is `key`'s over `message`, as algorithm 3 decides with an empty context. */
export function verifyMlDsa44(key, message, signature) {
  if (key.length !== ML_DSA_44_PUBLIC_BYTES || signature.length !== ML_DSA_44_SIGNATURE_BYTES) return false;
  const z = [];
  for (let i = 0; i < ELL; i += 1)
    z.push(unpack(signature.subarray(32 + 576 * i, 608 + 576 * i), 18).map((v) => GAMMA1 - v));
  const hints = unpackHints(signature.subarray(32 + 576 * ELL));
  if (hints === null || z.some((poly) => poly.some((c) => Math.abs(c) >= GAMMA1 - BETA))) return false;

  const challenge = signature.subarray(0, 32);
  const mu = shake256(shake256(key).read(64), [0, 0], message).read(64);
  const c = ntt(sampleInBall(challenge));
  const zHat = z.map((poly) => ntt(poly.map((v) => (v + Q) % Q)));
  const w1 = [];
  for (let row = 0; row < K; row += 1) {
    const t1 = unpack(key.subarray(32 + 320 * row, 352 + 320 * row), 10).map((v) => v * 2 ** DROPPED_BITS);
    const product = ntt(t1).map((v, i) => Q - ((v * c[i]) % Q));
    for (let column = 0; column < ELL; column += 1) {
      const a = sampleUniform(key.subarray(0, 32), column, row);
      for (let i = 0; i < N; i += 1) product[i] = (product[i] + a[i] * zHat[column][i]) % Q;
    }
    w1.push(pack6(inverseNtt(product).map((v, i) => useHint(hints[row][i], v))));
  }
  return equal(shake256(mu, ...w1).read(32), challenge);
}

/** The numbers of `bits` bits each in little-endian bytes. */
function unpack(bytes, bits) {
  const values = [];
  let [held, count] = [0, 0];
  for (const byte of bytes) {
    held += byte * 2 ** count;
    count += 8;
    while (count >= bits) {
      values.push(held % 2 ** bits);
      held = Math.floor(held / 2 ** bits);
      count -= bits;
    }
  }
  return values;
}

/** Four numbers below 64 to three bytes. */
function pack6(values) {
  const bytes = new Uint8Array((values.length * 6) / 8);
  for (let i = 0, at = 0; i < values.length; i += 4, at += 3) {
    bytes[at] = values[i] | (values[i + 1] << 6);
    bytes[at + 1] = (values[i + 1] >> 2) | (values[i + 2] << 4);
    bytes[at + 2] = (values[i + 2] >> 4) | (values[i + 3] << 2);
  }
  return bytes;
}

/** Algorithm 21: at which coefficients there is a hint, or null where the encoding is not the one of its hints. */
function unpackHints(bytes) {
  const hints = [];
  let index = 0;
  for (let i = 0; i < K; i += 1) {
    const row = new Uint8Array(N);
    const end = bytes[OMEGA + i];
    if (end < index || end > OMEGA) return null;
    for (const first = index; index < end; index += 1) {
      if (index > first && bytes[index - 1] >= bytes[index]) return null;
      row[bytes[index]] = 1;
    }
    hints.push(row);
  }
  return bytes.subarray(index, OMEGA).every((byte) => byte === 0) ? hints : null;
}

/** Algorithm 29: a polynomial of 39 coefficients ±1. */
function sampleInBall(seed) {
  const stream = shake256(seed);
  const signs = stream.read(8);
  const poly = new Array(N).fill(0);
  for (let i = N - TAU; i < N; i += 1) {
    let j = stream.read(1)[0];
    while (j > i) j = stream.read(1)[0];
    poly[i] = poly[j];
    const bit = i + TAU - N;
    poly[j] = (signs[bit >> 3] >> (bit & 7)) & 1 ? Q - 1 : 1;
  }
  return poly;
}

/** Algorithm 30: one entry of the public matrix, already transformed. */
function sampleUniform(rho, column, row) {
  const stream = shake128(rho, [column, row]);
  const poly = [];
  while (poly.length < N) {
    const bytes = stream.read(168);
    for (let at = 0; at < 168 && poly.length < N; at += 3) {
      const value = bytes[at] | (bytes[at + 1] << 8) | ((bytes[at + 2] & 127) << 16);
      if (value < Q) poly.push(value);
    }
  }
  return poly;
}

/** Algorithm 41, on coefficients from 0 to q − 1. */
function ntt(poly) {
  const a = Float64Array.from(poly);
  let m = 0;
  for (let length = 128; length >= 1; length /= 2) {
    for (let start = 0; start < N; start += 2 * length) {
      m += 1;
      for (let j = start; j < start + length; j += 1) {
        const t = (ZETAS[m] * a[j + length]) % Q;
        a[j + length] = (a[j] - t + Q) % Q;
        a[j] = (a[j] + t) % Q;
      }
    }
  }
  return a;
}

/** Algorithm 42. */
function inverseNtt(transformed) {
  const a = Float64Array.from(transformed);
  let m = N;
  for (let length = 1; length < N; length *= 2) {
    for (let start = 0; start < N; start += 2 * length) {
      m -= 1;
      for (let j = start; j < start + length; j += 1) {
        const t = a[j];
        a[j] = (t + a[j + length]) % Q;
        a[j + length] = ((Q - ZETAS[m]) * (t - a[j + length] + Q)) % Q;
      }
    }
  }
  return Array.from(a, (v) => (v * 8347681) % Q); // 256 · 8347681 = 1 (mod q)
}

/** Algorithms 36 and 40: the high part of a coefficient, moved by its hint. */
function useHint(hint, value) {
  let low = value % (2 * GAMMA2);
  if (low > GAMMA2) low -= 2 * GAMMA2;
  let high = (value - low) / (2 * GAMMA2);
  if (value - low === Q - 1) {
    high = 0;
    low -= 1;
  }
  return hint ? (high + (low > 0 ? 1 : 43)) % 44 : high;
}
