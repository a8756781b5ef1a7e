// SHA-256 and SHA-512 (FIPS 180-4). Trees are thousands of small hashes, for which the browser's own, asynchronous digest
// is slower than this; and it is absent where a page is not in a secure context.

/** The first `count` primes, from which both functions draw their constants. */
function primes(count) {
  const found = [];
  for (let n = 2; found.length < count; n += 1) if (found.every((p) => n % p)) found.push(n);
  return found;
}

/** The first 64 bits of the fraction of the `degree`-th root of n, as a BigInt: the integer root of n · 2^(64 · degree). */
function fraction(n, degree) {
  const goal = BigInt(n) << BigInt(64 * degree);
  let root = 0n;
  for (let bit = 1n << 68n; bit; bit >>= 1n) if ((root + bit) ** BigInt(degree) <= goal) root += bit;
  return BigInt.asUintN(64, root);
}

const K64 = primes(80).map((p) => fraction(p, 3));
const H64 = primes(8).map((p) => fraction(p, 2));
// The constants of SHA-256 are the first halves of those of SHA-512.
const K32 = Int32Array.from(K64.slice(0, 64), (k) => Number(BigInt.asIntN(32, k >> 32n)));
const H32 = Int32Array.from(H64, (h) => Number(BigInt.asIntN(32, h >> 32n)));
const SCHEDULE = new Int32Array(64);

/** SHA-256 of bytes that come in pieces: `update` as often as one likes, then `digest` once. */
export class Sha256 {
  constructor() {
    this.state = H32.slice();
    this.block = new Uint8Array(64);
    this.view = new DataView(this.block.buffer);
    this.length = 0;
  }

  update(bytes) {
    let at = 0;
    while (at < bytes.length) {
      const held = this.length % 64;
      const taken = Math.min(64 - held, bytes.length - at);
      this.block.set(bytes.subarray(at, at + taken), held);
      at += taken;
      this.length += taken;
      if (this.length % 64 === 0) compress256(this.state, this.view);
    }
    return this;
  }

  /** Another that has taken in the same, and goes on alone. */
  copy() {
    const other = Object.assign(new Sha256(), { state: this.state.slice(), length: this.length });
    other.block.set(this.block);
    return other;
  }

  /** The 32 bytes of the digest. */
  digest() {
    const bits = this.length * 8;
    this.update(new Uint8Array([0x80]));
    this.update(new Uint8Array((120 - (this.length % 64)) % 64));
    const tail = new DataView(new ArrayBuffer(8));
    tail.setUint32(0, Math.floor(bits / 2 ** 32));
    tail.setUint32(4, bits % 2 ** 32);
    this.update(new Uint8Array(tail.buffer));
    const out = new DataView(new ArrayBuffer(32));
    this.state.forEach((word, i) => out.setInt32(4 * i, word));
    return new Uint8Array(out.buffer);
  }
}

export function sha256(...parts) {
  const hash = new Sha256();
  for (const part of parts) hash.update(part);
  return hash.digest();
}

// Written with plain variables and indexes: destructuring and iteration here take five times as long, and bundles are
// large.
function compress256(state, view) {
  const w = SCHEDULE;
  for (let t = 0; t < 16; t += 1) w[t] = view.getInt32(4 * t);
  for (let t = 16; t < 64; t += 1) {
    const x = w[t - 15];
    const y = w[t - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[t] = w[t - 16] + s0 + w[t - 7] + s1;
  }
  let a = state[0];
  let b = state[1];
  let c = state[2];
  let d = state[3];
  let e = state[4];
  let f = state[5];
  let g = state[6];
  let h = state[7];
  for (let t = 0; t < 64; t += 1) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K32[t] + w[t]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

const rotate64 = (x, n) => BigInt.asUintN(64, (x >> n) | (x << (64n - n)));

/** SHA-512: only Ed25519 asks for it, and only where the browser has no Ed25519 of its own, so it may be slow. */
export function sha512(...parts) {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const padded = new Uint8Array(Math.ceil((length + 17) / 128) * 128);
  let at = 0;
  for (const part of parts) {
    padded.set(part, at);
    at += part.length;
  }
  padded[length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - 8, BigInt(length) * 8n);
  const state = H64.slice();
  for (let block = 0; block < padded.length; block += 128) compress512(state, view, block);
  const out = new DataView(new ArrayBuffer(64));
  state.forEach((word, i) => out.setBigUint64(8 * i, word));
  return new Uint8Array(out.buffer);
}

function compress512(state, view, block) {
  const w = Array.from({ length: 16 }, (_, t) => view.getBigUint64(block + 8 * t));
  for (let t = 16; t < 80; t += 1) {
    const s0 = rotate64(w[t - 15], 1n) ^ rotate64(w[t - 15], 8n) ^ (w[t - 15] >> 7n);
    const s1 = rotate64(w[t - 2], 19n) ^ rotate64(w[t - 2], 61n) ^ (w[t - 2] >> 6n);
    w.push(BigInt.asUintN(64, w[t - 16] + s0 + w[t - 7] + s1));
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let t = 0; t < 80; t += 1) {
    const s1 = rotate64(e, 14n) ^ rotate64(e, 18n) ^ rotate64(e, 41n);
    const t1 = h + s1 + ((e & f) ^ (BigInt.asUintN(64, ~e) & g)) + K64[t] + w[t];
    const s0 = rotate64(a, 28n) ^ rotate64(a, 34n) ^ rotate64(a, 39n);
    const t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    [h, g, f, e, d, c, b, a] = [g, f, e, BigInt.asUintN(64, d + t1), c, b, a, BigInt.asUintN(64, t1 + t2)];
  }
  [a, b, c, d, e, f, g, h].forEach((word, i) => {
    state[i] = BigInt.asUintN(64, state[i] + word);
  });
}
