// The official's key for events in this browser: Ed25519, made so that nothing can read it out, kept in the browser's store.

import { hexOf, join } from "./bytes.js";
import { sha256 } from "./sha2.js";

const DATABASE = "entente-signer";
const STORE = "keys";
const EVENTS = "events";
const ED25519_EVENT = 0x01;

/** The key there is: { signing, publicKey, keyId }, or null. */
export async function keptKey() {
  const found = await asked("readonly", (store) => store.get(EVENTS));
  return found ?? null;
}

/** Make a key and keep it; the private half cannot be exported, by this page or any other. */
export async function makeKey() {
  const pair = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const keyId = hexOf(sha256(join(Uint8Array.of(ED25519_EVENT), publicKey)));
  const made = { signing: pair.privateKey, publicKey, keyId };
  await asked("readwrite", (store) => store.add(made, EVENTS));
  return made;
}

/** Destroy the key. */
export async function forgetKey() {
  await asked("readwrite", (store) => store.delete(EVENTS));
}

/** A signature of 64 bytes. */
export async function signWith(key, message) {
  return new Uint8Array(await crypto.subtle.sign("Ed25519", key.signing, message));
}

async function asked(mode, ask) {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = ask(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
