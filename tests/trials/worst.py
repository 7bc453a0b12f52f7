"""The worst inputs of `explain` at a length and at four times that length: work grows linearly with what a stranger sends.

`python -m tests.trials.worst officernd` prints the CPU seconds at 16 and at 64 kB, and exits with status 1 if one is
over a second or grows more than eightfold. The test run tries shorter ones (tests/explain/test_linear_work.py).
"""

from __future__ import annotations

import gc
import sys
import time
from base64 import b64encode
from collections.abc import Callable

from handshakes.explain import explain
from handshakes.runtime.ciphers import AesCiphers

CIPHERS = AesCiphers()
INPUTS: dict[str, Callable[[int], str]] = {
    "quotes in turns": lambda n: "\"'"*(n//2),
    "quotes around quotes": lambda n: '"'*(n//2)+"'"*(n//2),
    "backslashes": lambda n: "\\"*n,
    "escaped quotes": lambda n: '"'+'\\"'*(n//2)+'"',
    "empty parameters": lambda n: "/p?signature=t%3D1%2Csignature%3D00"+"&"*n,
    "parameters": lambda n: "/p?signature=t%3D1%2Csignature%3D00"+"&a=b"*(n//4),
    "entities for &": lambda n: "/p?signature=t%3D1%2Csignature%3D00"+"&amp;a"*(n//6),
    "percent signs encoded twice": lambda n: "/p?signature=t%3D1%2Csignature%3D00&a="+"%25"*(n//3),
    "characters that stood for &para": lambda n: "/p?signature=t%3D1%2Csignature%3D00&a="+"¶"*(n//2),
    "brackets without end": lambda n: "["*n,
    "objects without end": lambda n: '{"a":'*(n//5),
    "a long text in deep JSON": lambda n: '{"a":'*300+'"'+"b"*n+'"'+"}"*300,
    "URLs in JSON": lambda n: "["+",".join(['"?signature=1"']*(n//15))+"]",
    "names in JSON": lambda n: "{"+",".join(f'"{i}":"a"' for i in range(n//10))+"}",
    "headers": lambda n: "GET /p?signature=1 HTTP/1.1\n"+"A: b\n"*(n//5),
    "headers of curl": lambda n: "curl 'https://p.example/?signature=1'"+" -H a:b"*(n//7),
    "data of curl": lambda n: "curl 'https://p.example/?signature=1'"+" -d a"*(n//5),
    "fields of curl": lambda n: "curl 'https://p.example/?signature=1'"+" -F a=b"*(n//7),
    "a word of many quotes": lambda n: "curl "+"''a"*(n//3),
    "a word of many backslashes": lambda n: "curl "+"\\a"*(n//2),
    "a quote that is never closed": lambda n: "curl '"+"a\""*(n//2),
    "a word of many ANSI quotes": lambda n: "curl "+"$'a'"*(n//4),
    "carets": lambda n: "curl ^\n"+"^\""*(n//2),
    "a body of fetch without end": lambda n: 'fetch("https://p.example/?signature=1", {"body": "'+'\\"'*(n//2),
    "headers of fetch": lambda n: 'fetch("https://p.example/?signature=1", {'+'"a":"b",'*(n//8),
    "fetches without end": lambda n: "fetch('"*(n//7),
    "lines of a log": lambda n: '"GET /a HTTP/1.1"\n'*(n//18),
    "requests in one line": lambda n: '"GET /a '*(n//8),
    "methods": lambda n: "GET "*(n//4),
    "blanks behind a method": lambda n: "GET"+" "*n+"x",
    "URLs": lambda n: "https://a "*(n//10),
    "URLs without a blank": lambda n: "https://a"*(n//9),
    "unsigned URLs": lambda n: "x https://a?b=c"*(n//15),
    "quoted-printable": lambda n: "/p?signature=3D"+"=3D"*(n//3),
    "lines": lambda n: "/p?signature=\n"+"a \n"*(n//3),
    "blanks behind a URL": lambda n: "/p?signature="+" "*n,
    "links in links": lambda n: "https://x.safelinks.protection.outlook.com/?url="+"https%3A%2F%2F"*(n//14),
    "stars of urldefense": lambda n: "https://urldefense.com/v3/__"+"*"*n+"__;",
    "links of urldefense": lambda n: "https://urldefense.com/v3/__"*(n//28),
    "punctuation": lambda n: "/p?signature=1"+".)"*(n//2)+"x",
    "punctuation between letters": lambda n: "/p?signature=1"+"a."*(n//2),
    "brackets of Markdown": lambda n: "["*(n//2)+"]("*(n//4),
    "links of Markdown": lambda n: "[a]("*(n//4),
    "fences of Markdown": lambda n: "```\n"*(n//4),
    "rows of a list of headers": lambda n: ":path\n"*(n//6),
    "blanks behind Request URL": lambda n: "Request URL:"+" "*n,
    "names with colons": lambda n: "a:"*(n//2),
    "a field many times": lambda n: "register=1"+"&register=1"*(n//11),
    "braces between &": lambda n: "register={"+"&{=}"*(n//4),
    "fields with brackets": lambda n: "register%5Btoken%5D=1"+"&register%5Ba%5D=1"*(n//18),
    "boundaries": lambda n: "--x\r\n"*(n//5),
    "boundaries in a part": lambda n: "--x\r\nContent-Disposition: form-data; name=\"register\"\r\n\r\n"+"a\r\n--x"*(n//6),
    "printed members": lambda n: "token=a apiKey=b "+"token="*(n//6),
    "a printed member and quotes": lambda n: "token=a apiKey=b "+"token"+"\""*n,
    "printed members and blanks": lambda n: ("apiKey"+" "*19+"=")*(n//26),
    "tokens in a text": lambda n: '{"apiKey":"a","token":"b","x":"'+'\\"token\\":'*(n//11)+'"}',
    "commas behind a token": lambda n: '{"apiKey":"a","token":"b"'+","*n+"}",
    "entities of HTML": lambda n: "{&quot;"*(n//7),
    "single quotes": lambda n: "{"+"'a'"*(n//3)+"}",
    "numbers": lambda n: "{\"a\":["+",".join("1" for _ in range(n//2))+"]}",
    "a long number": lambda n: "{\"a\":"+"1"*n+"}",
    "base64": lambda n: "eyJh"*(n//4),
    "hex digits": lambda n: "0f"*(n//2),
    "UTF-8 encoded twice": lambda n: "{\"a\":\""+"Ã©"*(n//4)+"\"}",
    "letters with marks": lambda n: "{\"a\":\""+"e\u0301"*(n//3)+"\"}",
    "marks without a letter": lambda n: "/p?signature=1&a="+"\u0301\u0327"*(n//4),
    "line ends in a text": lambda n: "{\"a\":\""+"\r\n"*(n//2)+"\"}",
    "blanks in a value": lambda n: "a="+" "*n+"b",
    "fields of a signature": lambda n: "/p?a=b&signature="+"t%3D1%2C"*(n//8),
    "a value of data": lambda n: "/?data=U2FsdGVkX18"+"A"*n,
    "plus signs in data": lambda n: "/?data=U2FsdGVkX18"+"+"*n,
    "blanks in data": lambda n: "/?data=U2FsdGVkX18"+"%20"*(n//3),
    "line ends in data": lambda n: "/?data=U2FsdGVkX18"+"%0A"*(n//3),
    "rows of base64": lambda n: ("U2FsdGVkX18"+"A"*50+"\n")*(n//60),
    "escapes in base64": lambda n: "U2FsdGVkX18"+"%2B"*(n//3),
    "slashes in base64": lambda n: "U2FsdGVkX18"+"\\/"*(n//2),
    "JSON of CryptoJS": lambda n: '{"ct":"'+"A"*n+'","iv":"00","s":"00"}',
    "printed names": lambda n: "data "*(n//5),
    "printed names in rows": lambda n: "data\n"*(n//5),
    "quotes behind a printed name": lambda n: "data"+"\"'["*(n//3),
    "blanks behind a printed name": lambda n: "data\n"+" "*n+"x",
    "printed pairs": lambda n: "'hmac'=>'a',"*(n//12),
    "an IV and hex digits": lambda n: "00"*16+":"+"0f"*(n//2),
    "bytes of OpenSSL": lambda n: "Salted__"+"a"*n,
    "parameters beside an hmac": lambda n: f"/?location_id={'1'*24}&timestamp=1700000000&hmac={'00'*32}"+"&a=b"*(n//4),
    "a long location": lambda n: "/?location_id="+"1"*n+f"&timestamp=1700000000&hmac={'00'*32}",
    "a long time": lambda n: f"/?location_id={'1'*24}&timestamp="+"1"*n+f"&hmac={'00'*32}",
    "dots of a host": lambda n: "no.scheme"+".a"*(n//2)+"/?hmac=1",
    "words with a parameter": lambda n: "x, "+"hmac=1,"*(n//7),
    "colours of a terminal": lambda n: "\x1b[0m"*(n//4)+"x",
    "base64 of base64": lambda n: b64encode(b64encode(b"Salted__"+b"a"*n)).decode(),
    "times of a signature": lambda n: "/p?a=b&signature="+"t%3D"*(n//4),
}  # fmt: skip
"""By name; each makes about so many characters."""
HEADERS = {"officernd": "t=1,signature=" + "0f" * 32}


def spent(platform: str, text: str, header: str = "") -> float:
    """Return the CPU seconds that one answer takes."""
    gc.disable()  # a collection in the midst of a run would count the whole heap of the tests
    try:
        began = time.process_time()
        explain(platform, text, secret="s3cret-0815", now=0, header=header, ciphers=CIPHERS)
        return time.process_time() - began
    finally:
        gc.enable()


def growth(platform: str, make: Callable[[int], str], n: int, header: str = "") -> tuple[float, float]:
    """Return the least CPU seconds at n and at 4n; tried again only where it looks too much."""
    small, large = spent(platform, make(n), header), spent(platform, make(4 * n), header)
    for _ in range(4):
        if large <= 8 * max(small, 0.004):
            break
        small, large = (
            min(small, spent(platform, make(n), header)),
            min(large, spent(platform, make(4 * n), header)),
        )
    return small, large


def main() -> int:
    """Print a row for each input that takes long or grows too fast; return 1 if there is one."""
    wrong = 0
    for platform in sys.argv[1:] or ["fortis", "officernd", "retailcrm"]:
        for header in dict.fromkeys(["", HEADERS.get(platform, "")]):
            for name, make in INPUTS.items():
                small, large = growth(platform, make, 16_000, header)
                if large > 1 or large > 8 * max(small, 0.004):
                    wrong += 1
                    print(
                        f"{platform}{', with a header' * bool(header)}: {name}: {small:.3f} s, {large:.3f} s",
                        flush=True,
                    )
    print(f"{wrong} inputs take too long")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
