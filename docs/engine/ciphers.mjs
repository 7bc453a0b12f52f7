// AES in six modes without padding, for the Python in the browser, which has none.

import {cbc, cfb, ctr, ecb} from "./noble-ciphers/aes.js";

const BLOCK = 16, PLAIN = {disablePadding: true};

const MODES = {
  cbc: (key, iv) => cbc(key, iv, PLAIN),
  ecb: key => ecb(key, PLAIN),
  ctr: (key, iv) => ctr(key, iv),
  cfb: (key, iv) => cfb(key, iv),
  ofb(key, iv) { // its key stream is what CBC makes of zeros
    const crypt = data => {
      const stream = cbc(key, iv, PLAIN).encrypt(new Uint8Array(Math.ceil(data.length / BLOCK) * BLOCK));
      return data.map((byte, at) => byte ^ stream[at]);
    };
    return {encrypt: crypt, decrypt: crypt};
  },
  cfb8: (key, iv) => ({ // to read, each byte needs the 16 before it; to write is not asked for
    decrypt(data) {
      const before = Uint8Array.of(...iv, ...data), blocks = new Uint8Array(data.length * BLOCK);
      data.forEach((_, at) => blocks.set(before.subarray(at, at + BLOCK), at * BLOCK));
      const stream = ecb(key, PLAIN).encrypt(blocks);
      return data.map((byte, at) => byte ^ stream[at * BLOCK]);
    },
  }),
};

export function crypt(mode, encrypting, key, iv, data) {
  const cipher = MODES[mode](key, iv);
  return encrypting ? cipher.encrypt(data) : cipher.decrypt(data);
}
