#!/usr/bin/env bash
# axios-oauth-1.0a signs a hash of {} for a form, and oauth-1.0a does not sign the query of RFC 5849's own example.
#
# Versions: axios-oauth-1.0a 0.4.1 with axios 1.21.1, oauth-1.0a 2.2.6, oauth-header 1.1.0; beside them node-oauth1 1.3.0
# (Postman's), which signs every request here as the RFC wants it.
# Measured: 2026-11-30, Node 20, Linux.
#
# In RFC 5849, section 3.4.1, the signed text is made of the decoded parameters of the query and of a form. Its example
# has a name with %40, a plus, and a name that comes twice. oauth-1.0a escapes that name a second time, keeps the plus,
# and cuts a value off at a bare equals sign. oauth-header signs the last of two equal names.
# axios-oauth-1.0a looks for a form's type under a name in lower case, and axios 1 stores it as Content-Type, if it is set
# at all by then. So every form is signed by a hash of what JSON.stringify makes of the body: `{}`. A parameter that is
# undefined is signed as `b=undefined`, and axios does not send it.
# A server that follows the RFC answers 401. The server below first computes the known signature of the RFC's example.
# Known in part: escaped names in oauth-1.0a (its issue 49). The package oauth fails with equal names (its issue 71).
#
# Needs node, npm and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "commonjs"}' >package.json
npm install --loglevel=error --no-audit --no-fund axios-oauth-1.0a@0.4.1 axios@1.21.1 oauth-1.0a@2.2.6 \
    oauth-header@1.1.0 node-oauth1@1.3.0 >npm.txt || { cat npm.txt; exit 1; }

cat >probe.cjs <<'JAVASCRIPT'
const crypto = require("node:crypto");
const http = require("node:http");
const axios = require("axios");
const addInterceptor = require("axios-oauth-1.0a").default;
const OAuth = require("oauth-1.0a");
const { Generator } = require("oauth-header");
const postman = require("node-oauth1");

// The server: RFC 5849, sections 3.4.1 and 3.4.2.
const percent = (one) => "%" + one.charCodeAt(0).toString(16).toUpperCase();
const escape = (text) => encodeURIComponent(text).replace(/[!'()*]/g, percent);
const hmac = (text, key) => crypto.createHmac("sha1", key).update(text).digest("base64");
const compare = (one, other) => (one < other ? -1 : Number(one > other));
function right(method, url, form, oauth, key) {
  const pairs = [...url.searchParams, ...new URLSearchParams(form), ...oauth].map((pair) => pair.map(escape));
  pairs.sort((one, other) => compare(one[0], other[0]) || compare(one[1], other[1]));
  const names = pairs.map((pair) => pair.join("=")).join("&");
  return hmac([method, url.origin + url.pathname, names].map(escape).join("&"), key);
}
// The example of section 3.4.1.1; its erratum 2550 has the secrets and the signature.
const example = { oauth_consumer_key: "9djdj82h48djs9d2", oauth_token: "kkk9d7dh3k39sjv7", oauth_nonce: "7d8f3e4a",
  oauth_signature_method: "HMAC-SHA1", oauth_timestamp: "137131201" };
const url = new URL("http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b");
const key = "j49sk3j29djd&dh893hdasih9";
console.log("the RFC's example:", right("POST", url, "c2&a3=2+q", Object.entries(example), key));

const server = http.createServer(async (request, response) => {
  let body = "";
  for await (const part of request) body += part;
  const form = /^application\/x-www-form-urlencoded/.test(request.headers["content-type"]) ? body : "";
  const given = [...request.headers.authorization.matchAll(/(oauth_\w+)="([^"]*)"/g)]
    .map((match) => [match[1], decodeURIComponent(match[2])]);
  const oauth = new Map(given);
  const signature = oauth.get("oauth_signature");
  oauth.delete("oauth_signature");
  const url = new URL(request.url, `http://${request.headers.host}`);
  const ofBraces = oauth.get("oauth_body_hash") === crypto.createHash("sha1").update("{}").digest("base64");
  response.statusCode = right(request.method, url, form, oauth, "secret&tokensecret") === signature ? 200 : 401;
  response.end(ofBraces ? " (hash of {})" : "");
});

const signers = {
  "node-oauth1": (method, url, form) => {
    const oauth = Object.entries({ ...example, oauth_consumer_key: "key", oauth_token: "token" });
    const parameters = [...postman.decodeForm(url.search.slice(1)), ...postman.decodeForm(form ?? ""), ...oauth];
    const message = { method, action: url.origin + url.pathname, parameters };
    postman.SignatureMethod.sign(message, { consumerSecret: "secret", tokenSecret: "tokensecret" });
    return postman.getAuthorizationHeader("", message.parameters);
  },
  "oauth-1.0a": (method, url, form) => {
    const consumer = { key: "key", secret: "secret" };
    const signer = OAuth({ consumer, signature_method: "HMAC-SHA1", hash_function: hmac });
    const data = Object.fromEntries(new URLSearchParams(form ?? ""));
    const oauth = signer.authorize({ method, url: url.href, data }, { key: "token", secret: "tokensecret" });
    return signer.toHeader(oauth).Authorization;
  },
  "oauth-header": (method, url, form) =>
    form === undefined ? new Generator("key", "secret", "token", "tokensecret").generateHeaderValue(method, url.href) : null,
};

async function all() {
  const address = `http://127.0.0.1:${server.address().port}/request`;
  const plain = axios.create({ validateStatus: () => true });
  const client = axios.create({ validateStatus: () => true });
  const secrets = { key: "key", secret: "secret", token: "token", tokenSecret: "tokensecret" };
  addInterceptor(client, { algorithm: "HMAC-SHA1", ...secrets });
  const show = (answer) => answer.status + answer.data;
  for (const [query, form] of [["?a2=r%20b"], ["?c%40=1"], ["?a3=2+q"], ["?a3=2=="], ["?a3=a&a3=b"], ["", "a3=a"]]) {
    const url = new URL(address + query);
    const method = form === undefined ? "GET" : "POST";
    const type = { "content-type": "application/x-www-form-urlencoded" };
    const seen = [];
    for (const [name, sign] of Object.entries(signers)) {
      const authorization = sign(method, url, form);
      if (authorization === null) continue;
      const headers = { ...(form && type), authorization };
      seen.push(`${name} ${show(await plain.request({ method, url: url.href, data: form, headers }))}`);
    }
    const data = form && new URLSearchParams(form);
    seen.push(`axios-oauth-1.0a ${show(await client.request({ method, url: url.href, data }))}`);
    if (form) seen.push(`with the type ${show(await client.request({ method, url: url.href, data, headers: type }))}`);
    console.log(`${query || "form " + form}: ${seen.join(", ")}`);
  }
  const unset = await client.get(address, { params: { a: 1, b: undefined } });
  console.log(`params {a: 1, b: undefined}: axios-oauth-1.0a ${show(unset)}, sent ${unset.request.path}`);
}
server.listen(0, "127.0.0.1", () => all().finally(() => server.close()));
JAVASCRIPT

node probe.cjs >seen.txt
cat >expected.txt <<'TEXT'
the RFC's example: r6/TJjbCOr97/+UU0NsvSne7s5g=
?a2=r%20b: node-oauth1 200, oauth-1.0a 200, oauth-header 200, axios-oauth-1.0a 200
?c%40=1: node-oauth1 200, oauth-1.0a 401, oauth-header 200, axios-oauth-1.0a 200
?a3=2+q: node-oauth1 200, oauth-1.0a 401, oauth-header 200, axios-oauth-1.0a 200
?a3=2==: node-oauth1 200, oauth-1.0a 401, oauth-header 200, axios-oauth-1.0a 200
?a3=a&a3=b: node-oauth1 200, oauth-1.0a 200, oauth-header 401, axios-oauth-1.0a 200
form a3=a: node-oauth1 200, oauth-1.0a 200, axios-oauth-1.0a 401 (hash of {}), with the type 401 (hash of {})
params {a: 1, b: undefined}: axios-oauth-1.0a 401, sent /request?a=1
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
