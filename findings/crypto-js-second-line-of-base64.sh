#!/usr/bin/env bash
# crypto-js decrypts what `openssl enc -a` writes up to 31 bytes, and gives wrong bytes or an error from 32 on.
#
# Version: crypto-js 4.2.0.
# Measured: 2026-11-29, Node 20, Debian's openssl 3.0.
#
# `openssl enc -a` breaks its Base64 after 64 characters. crypto-js reads OpenSSL's envelope, and its Base64 parser reads
# each line end as a digit, which shifts all that follows. Up to 31 bytes of text there is one line, and nothing
# follows its end: that is where a test is usually written. Node's own Base64 decoder skips line ends.
# A Fortis launch of that length, copied from a mail or a terminal, no longer opens. Take white space out first.
#
# Needs node, npm, openssl and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "module"}' >package.json
npm install --loglevel=error --no-audit --no-fund crypto-js@4.2.0 >npm.txt || { cat npm.txt; exit 1; }

cat >probe.mjs <<'JAVASCRIPT'
import { execFileSync } from "node:child_process";
import CryptoJS from "crypto-js";

const opens = (envelope, text) => {
  try {
    return CryptoJS.AES.decrypt(envelope, "example").toString(CryptoJS.enc.Utf8) === text ? "opens" : "wrong";
  } catch {
    return "wrong";
  }
};
for (const length of [1, 15, 16, 31, 32, 48, 100]) {
  const text = "x".repeat(length);
  const command = ["enc", "-aes-256-cbc", "-md", "md5", "-a", "-pass", "pass:example"];
  const lines = String(execFileSync("openssl", command, { input: text, stdio: ["pipe", "pipe", "ignore"] }));
  const joined = lines.replaceAll("\n", "");
  console.log(`${length} bytes: in lines ${opens(lines, text)}, joined ${opens(joined, text)}`);
}
JAVASCRIPT

node probe.mjs >seen.txt
cat >expected.txt <<'TEXT'
1 bytes: in lines opens, joined opens
15 bytes: in lines opens, joined opens
16 bytes: in lines opens, joined opens
31 bytes: in lines opens, joined opens
32 bytes: in lines wrong, joined opens
48 bytes: in lines wrong, joined opens
100 bytes: in lines wrong, joined opens
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
