// Ed25519 so that all verifiers agree (docs/format.md, section 2.2): what libraries differ in is refused first; what is
// left is verified by the browser where it can do that without the cofactor, and otherwise here.

import { bytesOfHex, equal, hexOf, join, utf8 } from "./bytes.js";
import { L, combine, decodePoint, encodePoint, isSmallOrder, littleEndian } from "./curve.js";
import { sha512 } from "./sha2.js";

/** Whether a public key is 32 bytes, canonical, a point of the curve, and not of small order. */
export function isSoundKey(key) {
  return key.length === 32 && !isSmallOrder(key) && decodePoint(key) !== null;
}

function isSoundSignature(signature) {
  return signature.length === 64 && littleEndian(signature.subarray(32)) < L && !isSmallOrder(signature.subarray(0, 32));
}

/** Whether `signature` is `key`'s over `message`. */
export async function verifyEd25519(key, message, signature) {
  if (!isSoundKey(key) || !isSoundSignature(signature)) return false;
  browserAgrees ??= agrees();
  return (await browserAgrees) ? verifyInBrowser(key, message, signature) : verifyHere(key, message, signature);
}

/** The equation of RFC 8032 without the cofactor: R is, as bytes, S·B − h·A. */
export function verifyHere(key, message, signature) {
  const r = signature.subarray(0, 32);
  const h = littleEndian(sha512(r, key, message)) % L;
  return equal(encodePoint(combine(littleEndian(signature.subarray(32)), h, decodePoint(key))), r);
}

const imported = new Map();

async function verifyInBrowser(key, message, signature) {
  const name = hexOf(key);
  if (!imported.has(name)) imported.set(name, await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]));
  return crypto.subtle.verify("Ed25519", imported.get(name), signature, message);
}

/** Whether the browser's Ed25519 is there and decides as section 2.2 asks; found out once. */
let browserAgrees = null;

// Test 2 of RFC 8032, which holds.
const HOLDS = {
  key: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
  message: bytesOfHex("72"),
  signature:
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
};
// A key with a part of order 8, and a signature that holds only for those who multiply by 8.
const HOLDS_TIMES_EIGHT = {
  key: "685a876c89cd9444cdc9108d17768c48e68ee59138ac7f9975c9fbf22fec8e23",
  message: utf8("multiplied by eight, four"),
  signature:
    "5a0f784ca853e0c74a58cc1b3078db670d71e05a41b55a16a4a20a0a1d77b53c" +
    "b6f1cc4e4980bf2c7f00bbf9a5de3c512628c949852512917438f7fe1bbb7507",
};

async function agrees() {
  const ask = ({ key, message, signature }) => verifyInBrowser(bytesOfHex(key), message, bytesOfHex(signature));
  try {
    return (await ask(HOLDS)) && !(await ask(HOLDS_TIMES_EIGHT));
  } catch {
    return false;
  }
}
