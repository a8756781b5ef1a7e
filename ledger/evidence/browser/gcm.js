// AES-256-GCM (NIST SP 800-38D), opening only: by the browser, and here where a page has no access to the browser's
// cryptography.

/**
 * The plaintext of `sealed` (ciphertext, then the tag of 16 bytes) under a nonce of 12 zero bytes, or null where the tag
 * differs.
 */
export async function openGcm(key, sealed) {
  if (sealed.length < 16) return null;
  if (!globalThis.crypto?.subtle) return openHere(key, sealed);
  const imported = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: new Uint8Array(12) }, imported, sealed));
  } catch {
    return null;
  }
}

/** The same without the browser. */
export function openHere(key, sealed) {
  const schedule = expandKey(key);
  const ciphertext = sealed.subarray(0, sealed.length - 16);
  const hash = ghash(number(encryptBlock(schedule, new Uint8Array(16))), ciphertext);
  const tag = hash ^ number(encryptBlock(schedule, counter(1)));
  if (tag !== number(sealed.subarray(sealed.length - 16))) return null;
  const plaintext = new Uint8Array(ciphertext.length);
  for (let at = 0; at < plaintext.length; at += 16) {
    const pad = encryptBlock(schedule, counter(2 + at / 16));
    for (let i = at; i < Math.min(at + 16, plaintext.length); i += 1) plaintext[i] = ciphertext[i] ^ pad[i - at];
  }
  return plaintext;
}

function counter(value) {
  const block = new Uint8Array(16);
  new DataView(block.buffer).setUint32(12, value);
  return block;
}

function number(bytes) {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

/** GHASH of a ciphertext without associated data: bit 0 of the field is the highest bit of a block. */
function ghash(subkey, ciphertext) {
  let sum = 0n;
  const take = (block) => {
    sum = multiply(sum ^ block, subkey);
  };
  for (let at = 0; at < ciphertext.length; at += 16) {
    const block = ciphertext.subarray(at, at + 16);
    take(number(block) << BigInt(8 * (16 - block.length)));
  }
  take(BigInt(ciphertext.length) * 8n);
  return sum;
}

function multiply(x, y) {
  let product = 0n;
  for (let bit = 127n; bit >= 0n; bit -= 1n) {
    if ((x >> bit) & 1n) product ^= y;
    y = y & 1n ? (y >> 1n) ^ (0xe1n << 120n) : y >> 1n;
  }
  return product;
}

const double = (byte) => ((byte << 1) ^ (byte & 0x80 ? 0x11b : 0)) & 255;

/** The S-box of FIPS 197: walk the field by a generator and its inverse side by side. */
const SBOX = (() => {
  const box = new Uint8Array(256);
  let [p, q] = [1, 1];
  do {
    p ^= double(p);
    q ^= q << 1;
    q ^= q << 2;
    q ^= q << 4;
    q &= 255;
    if (q & 0x80) q ^= 0x09;
    const turn = (n) => ((q << n) | (q >> (8 - n))) & 255;
    box[p] = q ^ turn(1) ^ turn(2) ^ turn(3) ^ turn(4) ^ 0x63;
  } while (p !== 1);
  box[0] = 0x63;
  return box;
})();

/** The 15 round keys of AES-256, one after another. */
function expandKey(key) {
  const words = Array.from({ length: 8 }, (_, i) => [...key.subarray(4 * i, 4 * i + 4)]);
  let round = 1;
  for (let i = 8; i < 60; i += 1) {
    let word = words[i - 1];
    if (i % 8 === 0) {
      word = [word[1], word[2], word[3], word[0]].map((byte) => SBOX[byte]);
      word[0] ^= round;
      round = double(round);
    } else if (i % 8 === 4) word = word.map((byte) => SBOX[byte]);
    words.push(words[i - 8].map((byte, j) => byte ^ word[j]));
  }
  return words.flat();
}

function encryptBlock(schedule, block) {
  let state = block.map((byte, i) => byte ^ schedule[i]);
  for (let round = 1; round < 15; round += 1) {
    // SubBytes and ShiftRows in one: byte i of a column comes from i columns further on.
    const moved = state.map((_, i) => SBOX[state[(i + 4 * (i % 4)) % 16]]);
    const mixed = round === 14 ? moved : mixColumns(moved);
    state = mixed.map((byte, i) => byte ^ schedule[16 * round + i]);
  }
  return state;
}

function mixColumns(state) {
  return state.map((byte, i) => {
    const column = i - (i % 4);
    const [next, second, third] = [1, 2, 3].map((n) => state[column + ((i + n) % 4)]);
    return double(byte) ^ double(next) ^ next ^ second ^ third;
  });
}
