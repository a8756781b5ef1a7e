// Whether bytes are a key that sections are sealed to: an ML-KEM-768 encapsulation key, which FIPS 203, section 7.2, asks to
// be checked, then 32 bytes for X25519, which takes any. Nothing is sealed or unwrapped here.

const BYTES = 1216;
const PACKED_BYTES = 1152;
const Q = 3329;

export function isHybridKey(bytes) {
  if (bytes.length !== BYTES) return false;
  for (let at = 0; at < PACKED_BYTES; at += 3) {
    const first = bytes[at] | ((bytes[at + 1] & 15) << 8);
    const second = (bytes[at + 1] >> 4) | (bytes[at + 2] << 4);
    if (first >= Q || second >= Q) return false;
  }
  return true;
}
