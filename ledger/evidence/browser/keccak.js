// SHAKE128 and SHAKE256 (FIPS 202), as ML-DSA asks for them. A lane of 64 bits is two 32-bit halves, low then high.

const ROUNDS = 24;

/** The round constants, from the linear feedback register of FIPS 202, algorithm 5: [low, high] a round. */
const IOTA = (() => {
  const constants = [];
  let register = 1;
  for (let round = 0; round < ROUNDS; round += 1) {
    const halves = [0, 0];
    for (let j = 0; j < 7; j += 1) {
      const bit = 2 ** j - 1;
      if (register & 1) halves[bit >> 5] |= 1 << (bit & 31);
      register = register & 0x80 ? (register << 1) ^ 0x171 : register << 1;
    }
    constants.push(halves);
  }
  return constants;
})();

/** Where each lane goes in ρ and π, and by how many bits it turns: (from, to, turn). */
const RHO_PI = (() => {
  const moves = [[0, 0, 0]];
  let [x, y] = [1, 0];
  for (let t = 0; t < 24; t += 1) {
    const to = [y, (2 * x + 3 * y) % 5];
    moves.push([x + 5 * y, to[0] + 5 * to[1], (((t + 1) * (t + 2)) / 2) % 64]);
    [x, y] = to;
  }
  return moves;
})();

function permute(a) {
  const b = new Int32Array(50);
  const c = new Int32Array(10);
  for (const [low, high] of IOTA) {
    for (let i = 0; i < 10; i += 1) c[i] = a[i] ^ a[i + 10] ^ a[i + 20] ^ a[i + 30] ^ a[i + 40];
    for (let x = 0; x < 5; x += 1) {
      const left = 2 * ((x + 4) % 5);
      const right = 2 * ((x + 1) % 5);
      const dl = c[left] ^ ((c[right] << 1) | (c[right + 1] >>> 31));
      const dh = c[left + 1] ^ ((c[right + 1] << 1) | (c[right] >>> 31));
      for (let i = 2 * x; i < 50; i += 10) {
        a[i] ^= dl;
        a[i + 1] ^= dh;
      }
    }
    for (const [from, to, turn] of RHO_PI) {
      const swap = turn >= 32 ? 1 : 0;
      const l = a[2 * from + swap];
      const h = a[2 * from + 1 - swap];
      const n = turn % 32;
      b[2 * to] = n ? (l << n) | (h >>> (32 - n)) : l;
      b[2 * to + 1] = n ? (h << n) | (l >>> (32 - n)) : h;
    }
    for (let row = 0; row < 50; row += 10) {
      for (let i = 0; i < 10; i += 1) a[row + i] = b[row + i] ^ (~b[row + ((i + 2) % 10)] & b[row + ((i + 4) % 10)]);
    }
    a[0] ^= low;
    a[1] ^= high;
  }
}

/** A sponge that has taken `parts` in; `read(n)` gives the next n bytes of its endless output. */
class Sponge {
  constructor(rate, parts) {
    this.rate = rate;
    this.lanes = new Int32Array(50);
    // All engines of today are little-endian, as Keccak is; a view of bytes is then the state itself.
    this.bytes = new Uint8Array(this.lanes.buffer);
    this.at = 0;
    for (const part of parts) for (const byte of part) this.#absorb(byte);
    this.bytes[this.at] ^= 0x1f;
    this.bytes[rate - 1] ^= 0x80;
    permute(this.lanes);
    this.at = 0;
  }

  #absorb(byte) {
    this.bytes[this.at] ^= byte;
    this.at += 1;
    if (this.at === this.rate) {
      permute(this.lanes);
      this.at = 0;
    }
  }

  read(count) {
    const out = new Uint8Array(count);
    for (let i = 0; i < count; i += 1) {
      if (this.at === this.rate) {
        permute(this.lanes);
        this.at = 0;
      }
      out[i] = this.bytes[this.at];
      this.at += 1;
    }
    return out;
  }
}

export function shake128(...parts) {
  return new Sponge(168, parts);
}

export function shake256(...parts) {
  return new Sponge(136, parts);
}
