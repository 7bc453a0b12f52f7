#!/usr/bin/env bash
# Paddle's Node SDK refuses a webhook that is signed with an old and a new secret; its Python SDK accepts it.
#
# Versions: @paddle/paddle-node-sdk 3.10.0, @hookflo/tern 4.1.0 and stripe 23.1.0 of npm; paddle-python-sdk 1.16.1,
# webhookkit 0.2.0 and paddle-webhook-signature-verifier 1.0.2 of PyPI.
# Measured: 2026-11-30, Node 20, Python 3.11, Linux.
#
# While a secret is changed, Stripe documents one `v1` in the header for each secret. Paddle documents at least one `h1`.
# One that fits is enough: Stripe's own package and Paddle's Python SDK try each of them. Paddle's Node SDK and
# paddle-webhook-signature-verifier try the last `h1`, webhookkit the last `v1`, and tern the last of either, and refuse a
# genuine webhook whose fitting signature is not the last. Applications had similar faults (PostHog's pull request 61131,
# for example); no report was found for these packages.
# Whoever changes a secret within the time that a platform gives for it loses webhooks with one of the two secrets.
#
# Needs node, npm, python3 with venv, and package registries. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "module"}' >package.json
npm install --loglevel=error --no-audit --no-fund @paddle/paddle-node-sdk@3.10.0 @hookflo/tern@4.1.0 \
    stripe@23.1.0 >npm.txt || { cat npm.txt; exit 1; }
python3 -m venv env
env/bin/python -m pip --disable-pip-version-check --quiet install \
    paddle-python-sdk==1.16.1 webhookkit==0.2.0 paddle-webhook-signature-verifier==1.0.2

cat >probe.mjs <<'JAVASCRIPT'
import { createHmac } from "node:crypto";
import tern from "@hookflo/tern";
import { Paddle } from "@paddle/paddle-node-sdk";
import Stripe from "stripe";

const body = '{"id": "evt_1", "object": "event"}';
const sdk = new Paddle("example");
const now = Math.floor(Date.now() / 1000);
const sign = (secret, text) => createHmac("sha256", secret).update(text).digest("hex");
const stripe = (secrets) => `t=${now},${secrets.map((one) => `v1=${sign(one, `${now}.${body}`)}`).join(",")}`;
const paddle = (secrets) => `ts=${now};${secrets.map((one) => `h1=${sign(one, `${now}:${body}`)}`).join(";")}`;

async function withTern(platform, header, secret) {
  const request = new Request("https://shop.example/hook", {
    method: "POST", body, headers: { [`${platform}-signature`]: header },
  });
  const options = { platform, secret, toleranceInSeconds: 300 };
  return (await tern.WebhookVerificationService.verify(request, options)).isValid;
}

function withStripe(header, secret) {
  try {
    return Boolean(new Stripe("sk_test_example").webhooks.constructEvent(body, header, secret));
  } catch (error) {
    if (error instanceof Stripe.errors.StripeSignatureVerificationError) return false;
    throw error;
  }
}

for (const [name, verify] of [
  ["stripe", (secrets, secret) => withStripe(stripe(secrets), secret)],
  ["@hookflo/tern for Stripe", (secrets, secret) => withTern("stripe", stripe(secrets), secret)],
  ["@hookflo/tern for Paddle", (secrets, secret) => withTern("paddle", paddle(secrets), secret)],
  ["@paddle/paddle-node-sdk", (secrets, secret) => sdk.webhooks.isSignatureValid(body, secret, paddle(secrets))],
]) {
  const seen = [];
  for (const secrets of [["old"], ["old", "new"], ["new", "old"]]) {
    seen.push(`${secrets.join("+")} ${(await verify(secrets, "old")) ? "valid" : "refused"}`);
  }
  console.log(`${name}, with the old secret: ${seen.join(", ")}`);
}
JAVASCRIPT

cat >probe.py <<'PYTHON'
import hashlib
import hmac
import time

import paddle_billing.Notifications
import paddle_webhook_signature_verifier
import webhookkit.verifiers

BODY = '{"id": "evt_1", "object": "event"}'
NOW = int(time.time())


def sign(secret, text):
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def stripe(secrets):
    return {"Stripe-Signature": ",".join([f"t={NOW}", *(f"v1={sign(one, f'{NOW}.{BODY}')}" for one in secrets)])}


def paddle(secrets):
    return ";".join([f"ts={NOW}", *(f"h1={sign(one, f'{NOW}:{BODY}')}" for one in secrets)])


def with_webhookkit(secrets, secret):
    return webhookkit.verifiers.StripeVerifier(secret).verify(BODY.encode(), stripe(secrets))


def with_paddle(secrets, secret):
    secret = paddle_billing.Notifications.Secret(secret)
    return paddle_billing.Notifications.PaddleSignature().verify(paddle(secrets), BODY, secret)


def with_paddle_verifier(secrets, secret):
    verifier = paddle_webhook_signature_verifier.WebhookHandler(secret.encode())
    try:
        return verifier.verify_paddle_signature(paddle(secrets), BODY.encode())
    except ValueError as error:
        if str(error) != "Invalid signature":
            raise
        return False


for name, verify in {
    "webhookkit for Stripe": with_webhookkit,
    "paddle-webhook-signature-verifier": with_paddle_verifier,
    "paddle-python-sdk": with_paddle,
}.items():
    seen = (
        f"{'+'.join(secrets)} {'valid' if verify(secrets, 'old') else 'refused'}"
        for secrets in (["old"], ["old", "new"], ["new", "old"])
    )
    print(f"{name}, with the old secret:", ", ".join(seen))
PYTHON

{ node probe.mjs && env/bin/python probe.py; } >seen.txt
cat >expected.txt <<'TEXT'
stripe, with the old secret: old valid, old+new valid, new+old valid
@hookflo/tern for Stripe, with the old secret: old valid, old+new refused, new+old valid
@hookflo/tern for Paddle, with the old secret: old valid, old+new refused, new+old valid
@paddle/paddle-node-sdk, with the old secret: old valid, old+new refused, new+old valid
webhookkit for Stripe, with the old secret: old valid, old+new refused, new+old valid
paddle-webhook-signature-verifier, with the old secret: old valid, old+new refused, new+old valid
paddle-python-sdk, with the old secret: old valid, old+new valid, new+old valid
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
