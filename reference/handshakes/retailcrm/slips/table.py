"""What only goes wrong with RetailCRM's registrations, as a table."""

from __future__ import annotations

from functools import partial

from ...core.cases import Slip, rows

_rows = partial(rows, "retailcrm-")
SLIPS: tuple[Slip, ...] = (
    *_rows(
        "carrier",
        ("form-unescaped", "The form is not percent-encoded: its JSON is cut at the first & and loses its plus signs.", "Receiver: pass the raw body on, or encode the form anew (http_build_query, URLSearchParams).", "express-http-proxy behind express.urlencoded, handwritten curl -d"),
        ("content-type", "The body is a form, and its content type says something else.", "Sender: send application/x-www-form-urlencoded, once.", "proxies, fetch with a text, HTTP clients that are set to JSON"),
        ("json-alone", "The JSON is the whole body; it has to be the value of the form field register.", "Sender: send register=…, percent-encoded.", "HTTP clients that write JSON"),
        ("json-nested", "The registration stands inside another JSON object.", "Receiver: take the member out; the CRM sends a form, so look what turned it into JSON.", "proxies that parse forms, queues, logs"),
        ("field-renamed", "The form field has another name than register.", "Sender: name it register.", "spelling, arrays, proxies"),
        ("field-doubled", "The field register stands more than once: the token fits with one of them.", "Receiver: find what adds the second one.", "proxies, retries"),
        ("fields-flat", "The members stand as form fields of their own; they have to be one JSON text in the field register.", "Sender: send register={…}, percent-encoded.", "the page's notation register[token]"),
        ("in-query", "The registration stands in the query of the URL, not in the body.", "Sender: send it as the body of a POST.", "curl -G, frameworks that mix query and body"),
        ("members-printed", "The members stand in the notation of a debugger's output, not in JSON; with their values it fits.", "Receiver: take the raw body, or json_encode what you print.", "PHP print_r and var_dump, console.log, Go's %v, YAML"),
        ("member-names", "The members are named otherwise than apiKey, token and systemUrl.", "Sender: keep the names apiKey, token, systemUrl.", "serialisers that write snake_case"),
    ),
    *_rows(
        "message",
        ("system-url-signed", "The system URL was signed, alone or with the API key; the token is of the API key alone.", "Sign the API key, and nothing else.", "habits of other platforms"),
        ("json-signed", "The JSON was signed; the token is of the API key alone.", "Sign the API key, and nothing else.", "habits of webhooks"),
        ("api-key-named", "The API key was signed with its name or a scheme before it.", "Sign the API key's characters alone.", "headers, forms"),
        ("api-key-decoded", "The API key was signed decoded, as if it were hex or base64.", "Sign the API key's characters as they are.", "hex2bin, base64_decode"),
        ("api-key-cut", "The API key was signed cut, or without its last or first character.", "Store all of it: documented keys have 32 and 33 characters.", "database columns, copy and paste"),
        ("another-api-key", "The token is of another API key, which was given beside the secret.", "Send the key and the token of the same account; a new key needs a new token.", "several accounts, rotation"),
    ),
    *_rows(
        "key",
        ("api-key-as-key", "The API key was key and message: the secret was not used.", "The key is the secret of the module's card.", "one variable for both"),
        ("secret-signed", "The secret was key and message: the API key was not used.", "The message is the API key of the registration.", "one variable for both"),
        ("code-as-key", "The key was a value of the request itself, such as the module's code or clientId, not the secret.", "The key is the secret of the module's card, which the CRM shows after simple connection is ticked.", "settings under the wrong name"),
    ),
)  # fmt: skip
"""What only here goes wrong."""
