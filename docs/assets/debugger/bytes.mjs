// Bytes from what a person types, and from the text in which the answer shows them.

export const MOST = 1_048_576;
const NAMED = { LF: "\n", CR: "\r", TAB: "\t", NUL: "\0", BOM: "\ufeff", NBSP: "\u00a0" };
const encoder = new TextEncoder();

/** Return the bytes that a text stands for in a form (text, hex or base64). Throws an Error with a sentence. */
export function read(text, form) {
  if (form === "hex") return hex(text);
  return form === "base64" ? base64(text) : encoder.encode(text);
}

function hex(text) {
  const digits = text.replace(/\\x|0x|[\s:,-]/gi, "");
  const wrong = digits.match(/[^0-9a-f]/i);
  if (wrong) throw new Error(`This is not hex: it has the character ${JSON.stringify(wrong[0])}. Choose text, or take it out.`);
  if (digits.length % 2) throw new Error(`This is not whole bytes: it has ${digits.length} hex digits, which is an odd number.`);
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function base64(text) {
  const plain = text.replace(/\s/g, "").replace(/-/g, "+").replace(/_/g, "/").replace(/=+$/, "");
  const wrong = plain.match(/[^A-Za-z0-9+/]/);
  if (wrong) throw new Error(`This is not base64: it has the character ${JSON.stringify(wrong[0])}. Choose text, or take it out.`);
  if (plain.length % 4 === 1) throw new Error(`This is not whole base64: it has ${plain.length} characters.`);
  return Uint8Array.from(atob(plain), (character) => character.charCodeAt(0));
}

/** Return the bytes of a text in which what cannot be seen stands as ‹…›. */
export function unseen(text) {
  const parts = text.split(/(‹[^›]*›)/).filter(Boolean).map((part) => {
    const [, name] = part.match(/^‹(.*)›$/s) ?? [];
    if (name === undefined) return encoder.encode(part);
    if (name.startsWith("byte ")) return Uint8Array.of(parseInt(name.slice(5), 16));
    return encoder.encode(NAMED[name] ?? String.fromCodePoint(parseInt(name.slice(2), 16)));
  });
  return parts.flatMap((part) => [...part]);
}

/** Say how many bytes and lines there are. */
export function counted(bytes) {
  const lines = bytes.reduce((sum, byte) => sum + (byte === 10), 0);
  const crlf = bytes.reduce((sum, byte, place) => sum + (byte === 10 && bytes[place - 1] === 13), 0);
  const size = `${bytes.length.toLocaleString("en-GB")} byte${bytes.length === 1 ? "" : "s"}`;
  if (!lines) return size;
  return `${size}, ${lines} line end${lines === 1 ? "" : "s"} (${crlf === lines ? "CR LF" : crlf ? `${crlf} CR LF` : "LF"})`;
}
