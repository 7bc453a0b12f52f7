"""What only goes wrong with onOffice's signed URLs and API calls, as a table."""

from __future__ import annotations

from ...core.cases import Slip


def _rows(stage: str, *rows: tuple[str, str, str, str]) -> tuple[Slip, ...]:
    return tuple(Slip(f"onoffice-{id}", stage, says, cure, source) for id, says, cure, source in rows)


SLIPS: tuple[Slip, ...] = (
    *_rows(
        "carrier",
        ("origin-given", "The URL was signed under another address than the one it arrived at: under one that you named.", "Verify with the public address in front of path and query. Take it from the configuration, never from the request.", "reverse proxies, load balancers"),
        ("origin-headers", "The URL was signed under the address that the request's own headers name, not under the one it arrived at.", "Configure the public address, and verify with it in front of path and query.", "reverse proxies: Host, X-Forwarded-Host, Forwarded"),
        ("scheme", "The other scheme was signed: http for https, or https for http.", "Verify with the public address from the configuration; behind a proxy that ends TLS, the program sees http.", "nginx, load balancers, ngrok, Heroku"),
        ("port-signed", "A port was signed that the URL does not show. No port is signed.", "Leave the port out of the signed base.", "$_SERVER['SERVER_PORT'], proxies that write their own Host"),
        ("internal-host", "An internal address was signed, such as localhost.", "Sign and verify the public address, which the configuration names.", "containers, development servers, X-Forwarded-Host that nobody reads"),
        ("host-www", "The host was signed with or without www.", "Register and verify the same host.", "redirects to www"),
        ("host-unicode", "The host was signed in its Unicode or its xn-- form.", "Use the xn-- form, as it stands in a request.", "new URL(…).host, browsers, idn_to_utf8"),
        ("host-dot", "The host was signed with or without a dot behind it.", "Leave the dot out.", "DNS names"),
        ("user-info-signed", "User name and password of the URL were signed.", "Leave them out of the signed base.", "new URL(…).href, test systems behind HTTP Basic"),
    ),
    *_rows(
        "carrier",
        ("path-prefix-cut", "The path was signed with a beginning that something cut off on the way.", "Put the public path in front again, or let the configured base URL have it.", "nginx location and proxy_pass, Caddy handle_path, API Gateway stages, StripPrefix"),
        ("path-prefix-added", "The path was signed without its beginning, which was added on the way.", "Take the beginning away before verifying, or register the URL with it.", "rewrites, mounted apps, root_path"),
        ("path-respelled", "The path's escapes were signed in another spelling: the hex digits, or a decoded character.", "Take the raw path (REQUEST_URI, request.raw_uri), and not one from an access log or a framework.", "libcurl 8.20, Apache ProxyPass, lighttpd, nginx with a rewrite, uvicorn's access log"),
        ("path-decoded", "The path was signed decoded.", "Take the raw path.", "PATH_INFO, request.path, Caddy {path}, granian's access log"),
        ("path-encoded-twice", "The path was signed with or without a second percent-encoding.", "Encode once.", "redirect rules, URL builders"),
        ("path-slash", "The path was signed with a slash behind it.", "Keep the path as it is registered.", "frameworks that add or take away the last slash"),
        ("path-slashes", "The path was signed with two slashes where one arrived, or the other way round.", "Turn merging of slashes off, or register a URL without double ones.", "nginx merge_slashes, http-proxy, base URL plus path"),
        ("path-dots", "The path was signed with or without its . and .. segments.", "Register a URL without them.", "browsers, proxies"),
        ("path-index", "The path was signed with the name of a file, such as index.php.", "Take the path of the request, not of the script.", "PHP_SELF, rewrite rules"),
        ("path-lower-case", "The path was signed in small letters.", "Keep the path's case.", "IIS, normalisers"),
        ("path-parameters", "The path was signed without what follows a semicolon.", "Turn session ids in URLs off.", ";jsessionid of Java servers"),
    ),
    *_rows(
        "parameters",
        ("signature-left-in", "The parameter signature was left in what was signed.", "Take it out before the query is written.", "frameworks' parameter maps"),
        ("signature-named", "The signature stands in a parameter of another name.", "Name it signature, in small letters.", "own senders, headers"),
        ("signature-doubled", "The parameter signature occurs twice: one of them fits.", "Find what signs a signed URL again.", "retries, redirects"),
        ("names-as-text", "Names with dots, brackets or blanks were signed as they are.", "Use names of letters, digits, - and _ only: PHP renames the others.", "Python, Node, Java"),
        ("not-utf-8", "The query is not UTF-8; its bytes were signed as they are.", "Encode values as UTF-8 before they are escaped.", "Latin-1 pages, escape(), utf8_decode"),
        ("parameter-lost", "A parameter without a value was lost on the way: the signature fits with it.", "Read the raw query.", "frameworks that drop empty parameters"),
    ),
    *_rows(
        "order",
        ("order-natural", "The names were sorted naturally, numbers by value.", "Sort by the bytes of the names.", "natsort, ksort with SORT_NATURAL"),
        ("order-locale", "The names were sorted as people sort: small and capital letters together, - and _ ignored.", "Sort by the bytes of the names.", "localeCompare, Intl.Collator, strcoll, SQL"),
        ("order-whole", "Whole parameters were sorted, not their names.", "Sort by the bytes of the names.", "sort() of name=value texts, Varnish's querysort"),
        ("order-values", "The parameters were sorted by their values.", "Sort by the bytes of the names: ksort, not asort.", "PHP sort and asort"),
        ("order-listed", "The parameters were signed in the order of onOffice's list.", "Sort by the bytes of the names.", "fixed lists of names"),
    ),
    *_rows(
        "query",
        ("query-as-received", "The query was signed as it arrived, without signature; it has to be sorted and written anew.", "Decode, sort and write it as PHP's http_build_query does.", "cutting &signature=… off the URL"),
        ("query-percent-20", "Blanks were signed as %20. PHP's form writes +.", "Write + for a blank: http_build_query without PHP_QUERY_RFC3986.", "rawurlencode, encodeURIComponent, quote"),
        ("query-lower-hex", "Escapes were signed with lower-case hex digits.", "Write escapes with capital hex digits.", ".NET HttpUtility.UrlEncode, own encoders"),
        ("query-tilde", "The tilde was signed as it is. PHP's form writes %7E.", "Replace ~ by %7E behind the encoder.", "rawurlencode, Go, Python, .NET"),
        ("query-star", "The star was signed as it is. PHP's form writes %2A.", "Replace * by %2A behind the encoder.", "Java URLEncoder, URLSearchParams"),
        ("query-unescaped", "Some characters were signed without being escaped.", "Escape all but A-Z, a-z, 0-9, - _ and the dot.", "qs, axios, encodeURI, escape, Python quote, http-build-query of npm, .NET"),
        ("query-plus-kept", "%2B was signed as a plus sign.", "Keep %2B.", "a public provider's history: it replaced %2B by +"),
        ("query-separator", "The parameters were joined with something else than &.", "Join them with &.", "arg_separator.output, &amp; in templates, habits of other platforms"),
        ("query-bare-names", "Parameters without a value were signed without their =.", "Write name= for an empty value.", "URL builders, qs strictNullHandling"),
        ("query-names-alone", "Values were joined and signed without their names.", "Sign name=value.", "implode of the values"),
        ("json-signed", "The parameters were signed as JSON.", "Sign the base, a question mark and the query.", "habits of other platforms"),
        ("written-as-orders", "The text was written as for orders: without the base, and with %20.", "Orders and service messages are signed so; URLs are not.", "the official example's other function"),
    ),
    *_rows(
        "message",
        ("message-shape", "Base and query were put together in another way.", "Sign scheme://host/path?query.", "hand-made joins"),
        ("base-alone", "The base alone was signed, without the query.", "Sign base, question mark and query.", "strtok, $_SERVER['PHP_SELF']"),
        ("fragment-signed", "The part behind # was signed.", "Leave it out; a server never gets it.", "location.href"),
        ("method-signed", "The method was signed in front of the URL.", "Sign the URL alone.", "habits of other platforms"),
        ("secret-in-message", "The secret was put into the signed text.", "The secret is the key of the HMAC and stands nowhere else.", "old schemes: &key=…"),
    ),
    *_rows(
        "key",
        ("parameter-as-key", "The key was a value of the request, such as the API token, not the provider secret.", "The key is the provider secret, which you chose in your provider account.", "one setting for two secrets"),
        ("api-token-as-key", "The key was the API token, not the API key.", "The token goes into the request; the key (64 characters) signs it.", "token and secret mixed up"),
    ),
    *_rows(
        "api-message",
        ("api-order", "The fields were joined in another order than timestamp, token, resource type, action id.", "Join them in the documented order.", "reading the JSON from top to bottom"),
        ("api-field-missing", "A field was left out of what was signed.", "Join timestamp, token, resource type and action id.", "empty variables"),
        ("api-field-added", "More fields were signed than the four.", "Version 2 signs timestamp, token, resource type and action id, and nothing else.", "version 1, caution"),
        ("api-separator", "Something stands between the fields.", "Join them without a separator.", "implode(','), habits of other platforms"),
        ("api-action-name", "The action id was signed in another form than sent.", "Sign the very text that is sent, urn:onoffice-de-ns:smart:2.5:smartml:action:… .", "short names, other versions"),
        ("api-type-case", "The resource type was signed in another case than sent.", "Sign the very text that is sent.", "constants"),
        ("api-time-written", "The time was signed in another form than sent, as a float, in quotes or as a date.", "Sign the digits of the Unix seconds.", "json_encode, str(time.time()), date('c')"),
        ("api-time-unit", "The time was signed in milliseconds, or sent in them.", "Seconds in both places.", "Date.now()"),
        ("api-two-clocks", "The clock was read twice: another second was signed than sent.", "Read the clock once for each action.", "two calls of time(); a public client until 2026"),
        ("api-time-zone", "A time of another time zone was signed than sent.", "Unix seconds have no time zone: use time().", "mktime of a local date"),
        ("api-version-1-made", "The HMAC is of version 1, and the call says version 2.", "Leave hmac_version out, or make version 2.", "old clients"),
        ("api-version-2-made", "The HMAC is of version 2, and the call does not say so.", "Send hmac_version: 2 beside hmac.", "hmac_version forgotten"),
    ),
    *_rows(
        "api-v1",
        ("api-v1-unsorted", "The parameters were signed in another order than sorted by name.", "Sort the first level by name (ksort).", "json_encode of the array as it is"),
        ("api-v1-json", "The parameters were written as JavaScript writes JSON; PHP writes \\/ for a slash and \\u escapes.", "Escape slashes and what is not ASCII as json_encode does.", "JSON.stringify, Ruby, orjson"),
        ("api-v1-empty", "Empty parameters were signed as {} or null; PHP writes [].", "Write [].", "clients that are not PHP"),
        ("api-v1-null", "An empty identifier or resource id was signed as null.", "Sign an empty text.", "string conversion of null"),
        ("api-v1-secret-inside", "The key was left out of the inner text.", "It stands in both: md5(key + md5(…,key,…)).", "cautious reading"),
        ("api-v1-secret-outside", "The key was left out of the outer hash, or put behind.", "md5(key + md5(…)).", "cautious reading"),
        ("api-v1-once", "The text was hashed once.", "Hash twice, the second time with the key in front.", "cautious reading"),
        ("api-v1-raw", "The inner hash was joined as raw bytes, not as hex digits.", "md5(key + the hex digits).", "digest() for hexdigest(), md5($x, true)"),
        ("api-v1-hash", "Another hash than MD5 was used.", "Version 1 is MD5; better make version 2.", "libraries without MD5"),
    ),
    *_rows(
        "api-form",
        ("api-hex", "The HMAC is in hex; version 2 is base64 of the raw digest.", "base64_encode(hash_hmac('sha256', …, true)).", "hash_hmac without true, hexdigest"),
        ("api-base64-of-hex", "The HMAC is base64 of the hex digits; version 2 is base64 of the raw digest.", "hash_hmac('sha256', …, true): the last argument asks for raw bytes.", "base64_encode(hash_hmac(…)), btoa of a hex text"),
        ("api-base64-twice", "The HMAC is in base64 twice.", "Encode the raw digest once.", "base64_encode of what is base64 already"),
        ("api-base64url", "The HMAC is in URL-safe base64.", "Standard base64, with + and /.", "JWT libraries"),
        ("api-unpadded", "The HMAC's base64 has no padding.", "Keep the = at its end.", "Go RawStdEncoding, JWT libraries"),
        ("api-base64", "The HMAC is in base64; version 1 is hex.", "Write hex digits, or say hmac_version 2.", "version 2"),
        ("api-upper-case", "The hex digits are capitals.", "Write small letters.", ".NET Convert.ToHexString"),
        ("api-blank", "Blanks or line ends stand around the HMAC, or within it.", "Strip it; encode base64 without line ends.", "encode_base64, echo, base64 without -w0"),
        ("api-percent", "The HMAC is percent-encoded.", "Send it as it is: JSON needs no percent-encoding.", "form habits"),
    ),
)  # fmt: skip
"""Every slip that only onOffice knows."""
