// The byte lens: two texts, one column a byte, around the first byte that differs.
import { unseen } from "./bytes.mjs";
import { make } from "./elements.mjs";

const AROUND = 24; // as many bytes as an answer has before the difference
const BEFORE = 6; // as many of them as are shown
const ROW = 4; // equal bytes in a row that are no chance

/** Return columns of two indices that put equal bytes under each other; undefined where a side has nothing. */
export function aligned(a, b) {
  const best = Array.from({ length: a.length + 1 }, () => new Array(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let k = b.length - 1; k >= 0; k--) best[i][k] = a[i] === b[k] ? best[i + 1][k + 1] + 1 : Math.max(best[i + 1][k], best[i][k + 1]);
  }
  const columns = [];
  for (let i = 0, k = 0; i < a.length || k < b.length;) {
    if (i < a.length && k < b.length && a[i] === b[k]) columns.push([i++, k++]);
    else if (k >= b.length || (i < a.length && best[i + 1][k] > best[i][k + 1])) columns.push([i++, undefined]);
    else columns.push([undefined, k++]);
  }
  return columns;
}

/** Count the columns of equal bytes that stand in a row of several: single letters are equal by chance. */
function together(side) {
  let sum = 0, row = 0;
  for (const [i, k] of [...side, [undefined, undefined]]) {
    if (i !== undefined && k !== undefined) row += 1;
    else {
      sum += row >= ROW ? row : 0;
      row = 0;
    }
  }
  return sum;
}

/** Return the columns to show: aligned where bytes were added or lost, index by index where they moved or were changed. A side that has `behind` bytes from the difference on was cut there. */
export function columns(a, b, differs, behind) {
  const side = aligned(a.slice(differs), b.slice(differs));
  const moved = together(side) * 2 < Math.min(a.length, b.length) - differs;
  const first = Array.from({ length: differs }, (_, place) => [place, place]);
  const rest = moved
    ? Array.from({ length: Math.max(a.length, b.length) - differs }, (_, place) => [place < a.length - differs ? place : undefined, place < b.length - differs ? place : undefined])
    : side;
  const all = [...first, ...rest.map((pair) => pair.map((place) => place === undefined ? undefined : place + differs))];
  const cut = [a, b].map((bytes) => bytes.length === differs + behind);
  while (all.length > differs + 1 && all.at(-1).some((place, which) => place === undefined && cut[which])) all.pop(); // a side that was cut is not at its end
  return { all, moved, open: cut.some(Boolean) };
}

const BLANKS = { 9: "␉", 10: "␊", 13: "␍", 32: "␣" };
const glyph = (byte) => BLANKS[byte] ?? (byte > 32 && byte < 127 ? String.fromCharCode(byte) : "·");

/** Return what stands for each byte: a character of several bytes at its first, the others as a dot. */
export function glyphs(bytes) {
  const found = bytes.map(glyph);
  for (let place = 0; place < bytes.length; place++) {
    const length = bytes[place] >= 0xf0 ? 4 : bytes[place] >= 0xe0 ? 3 : bytes[place] >= 0xc2 ? 2 : 1;
    if (length === 1) continue;
    try {
      const text = new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(bytes.slice(place, place + length)));
      if (/^[\p{L}\p{N}\p{P}\p{S}]$/u.test(text)) found[place] = text;
    } catch { /* not UTF-8: a dot */ }
  }
  return found;
}

/** Draw the lens of a difference, { at, ours, theirs }, with a label for each side; the answer has `behind` bytes from it on. */
export function lens({ at, ours, theirs }, labels, behind) {
  const sides = [unseen(ours), unseen(theirs)];
  const differs = Math.min(at, AROUND), start = at - differs;
  const { all, open } = columns(...sides, differs, behind);
  const shown = all.slice(Math.max(0, differs - BEFORE));
  const boxed = all[differs];
  const numbered = boxed[0] === undefined ? 1 : 0;
  const heads = shown.map((pair) => make(pair[numbered] === undefined ? "td" : "th", { scope: pair[numbered] === undefined ? null : "col", class: pair === boxed ? "first" : null }, pair[numbered] === undefined ? "" : String(start + pair[numbered])));
  const rows = sides.map((bytes, side) => {
    const characters = glyphs(bytes);
    return make("tr", {}, make("th", { scope: "row" }, labels[side]), shown.map((pair) => {
      const place = pair[side], first = pair === boxed ? " first" : "";
      if (place === undefined) return make("td", { class: `gap${first}` }, make("span", { class: "hide" }, "nothing"));
      const same = pair.every((other) => other !== undefined) && sides[0][pair[0]] === sides[1][pair[1]];
      return make("td", { class: `${same ? "" : "ab"[side]}${first}` || null }, characters[place], make("small", {}, bytes[place].toString(16).padStart(2, "0")));
    }), open && make("td", { class: "more" }, "…"));
  });
  return make("div", { class: "lens", tabindex: "0", role: "group", "aria-label": "Bytes side by side" },
    make("table", {}, make("thead", {}, make("tr", {}, make("th", { scope: "row" }, "byte"), heads, open && make("td", {}))), make("tbody", {}, rows)));
}
