#!/usr/bin/env bash
# jscrypto cannot encrypt with a passphrase on current Node, though it decrypts: its first example of AES raises an error.
#
# Version: jscrypto 1.0.3.
# Measured: 2026-11-30, Node 20, Debian's openssl 3.0, Linux.
#
# Its documentation offers OpenSSL's envelope on Node. The salt comes from `randomBytes` of a global `crypto`, if there is
# one. Since Node 19 there is: the one of browsers, which has no such function. `decrypt`, a digest and encryption with
# a key and an IV of one's own work, so that a test which only opens envelopes passes. Without the global, all work.
#
# Needs node, npm, openssl and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --loglevel=error --no-audit --no-fund jscrypto@1.0.3 >npm.txt || { cat npm.txt; exit 1; }

cat >probe.js <<'JAVASCRIPT'
const { execFileSync } = require("node:child_process");

if (process.argv[2] === "without") delete globalThis.crypto;
const { AES, Hex, Utf8 } = require("jscrypto");

const openssl = (input, ...more) =>
  String(execFileSync("openssl", ["enc", "-aes-256-cbc", "-pbkdf2", "-a", "-A", "-pass", "pass:example", ...more], { input }));
const key = Hex.parse("00".repeat(16));
for (const [what, does] of Object.entries({
  "opens what openssl wrote": () => AES.decrypt(openssl("text"), "example").toString(Utf8) === "text",
  "encrypts with a key": () => AES.encrypt("text", key, { iv: key }).toString().length > 0,
  "encrypts with a passphrase": () => openssl(AES.encrypt("text", "example").toString(), "-d") === "text",
})) {
  let seen;
  try {
    seen = does();
  } catch (error) {
    seen = `${error.name}: ${error.message.split(".").at(-1)}`;
  }
  console.log(`${what}: ${seen}`);
}
JAVASCRIPT

{
    echo "# as Node starts"
    node probe.js
    echo "# without the global crypto"
    node probe.js without
} >seen.txt
cat >expected.txt <<'TEXT'
# as Node starts
opens what openssl wrote: true
encrypts with a key: true
encrypts with a passphrase: TypeError: randomBytes is not a function
# without the global crypto
opens what openssl wrote: true
encrypts with a key: true
encrypts with a passphrase: true
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
