// AES in six modes without padding, and PBKDF2, for the Python in the browser, which has neither: all of it synchronous.

import {cbc, cfb, ctr, ecb} from "./noble-ciphers/aes.js";
import {md5, sha1} from "./noble-hashes/legacy.js";
import {pbkdf2} from "./noble-hashes/pbkdf2.js";
import {sha224, sha256, sha384, sha512} from "./noble-hashes/sha2.js";

const DIGESTS = {md5, sha1, sha224, sha256, sha384, sha512};
const BLOCK = 16, PLAIN = {disablePadding: true};

// Feedback modes that the library does not have, from its block cipher.
const feedback = {
  ofb(block, iv, data) {
    const made = new Uint8Array(data.length);
    let stream = iv;
    for (let at = 0; at < data.length; at++) {
      if (at % BLOCK === 0) stream = block(stream);
      made[at] = data[at] ^ stream[at % BLOCK];
    }
    return made;
  },
  cfb8(block, iv, data, encrypting) {
    const made = new Uint8Array(data.length), register = Uint8Array.from(iv);
    for (let at = 0; at < data.length; at++) {
      made[at] = data[at] ^ block(register)[0];
      register.copyWithin(0, 1);
      register[BLOCK - 1] = encrypting ? made[at] : data[at];
    }
    return made;
  },
};

export function crypt(mode, encrypting, key, iv, data) {
  if (mode in feedback) return feedback[mode](block => ecb(key, PLAIN).encrypt(block), iv, data, encrypting);
  const cipher = {
    cbc: () => cbc(key, iv, PLAIN), ecb: () => ecb(key, PLAIN), ctr: () => ctr(key, iv), cfb: () => cfb(key, iv),
  }[mode]();
  return encrypting ? cipher.encrypt(data) : cipher.decrypt(data);
}

export const derive = (digest, passphrase, salt, c, dkLen) => pbkdf2(DIGESTS[digest], passphrase, salt, {c, dkLen});
