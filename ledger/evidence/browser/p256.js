// Whether 65 bytes are a point of P-256, uncompressed (SEC 1, section 2.3.4). Document keys are registered in the log;
// nothing is verified under them here.

const P = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;

function integer(bytes) {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

export function isP256Point(bytes) {
  if (bytes.length !== 65 || bytes[0] !== 4) return false;
  const [x, y] = [integer(bytes.subarray(1, 33)), integer(bytes.subarray(33))];
  return x < P && y < P && (y * y - (x * x * x - 3n * x + B)) % P === 0n;
}
