// An answer as a person reads it: verdict, what to change, the bytes, then everything else.
import { byId, make, prose, section, visible } from "./elements.mjs";
import { lens } from "./lens.mjs";
import * as links from "./links.mjs";

const NOTHING_FITS = "What may remain: another secret (that of another installation, or an old one), bytes that were changed in a way that is not known here, or values that are not in what was pasted.";
const WORDS = { verified: "verified", refused: "refused", unrecognised: "not recognised" };
const MOST_GROUPS = 3;

/** Return one sentence for a person who does not see the page. */
export function sentence(answer) {
  return `${WORDS[answer.verdict]}: ${heading(answer)}`;
}

const NUMBERS = ["", "One mistake", "Two mistakes", "Three mistakes", "Four mistakes"];

/** Say an explanation briefly: what is wrong, or how much. */
function told({ says, parts }) {
  return parts.length > 1 ? `${NUMBERS[parts.length] ?? `${parts.length} mistakes`} together give what was received` : says;
}

function heading(answer) {
  const { mine } = answer;
  if (answer.verdict === "unrecognised") return answer.platform ? "No request of this platform was found" : "No request of any of the platforms was found";
  if (answer.verdict === "verified") {
    if (mine?.digest_fits) return "The request is genuine, and your digest is right";
    if (mine?.same_as === "message") return "The request is genuine, and your text is the signed text";
    return mine && (mine.at !== null || mine.explanations.length) ? "The request is genuine; what you signed is not the same" : "The request is genuine";
  }
  if (answer.explanations.length) return told(answer.explanations[0][0]);
  return answer.signature_fits && !answer.says.includes("signature") ? `The signature is right. ${answer.says}` : answer.says;
}

/** Show an answer in the place for it. `shown` has the platform's title, whether it was recognised, and the time; `deeper` and `unmask` are called when the person wants a longer search, or what is masked. */
export function show(answer, text, shown) {
  const { deeper, unmask } = shown;
  byId("answer").replaceChildren(...[verdict(answer, shown), doubts(answer), changes(answer.explanations), bytes(answer, unmask), own(answer.mine, unmask),
    fitting(answer, deeper), stages(answer, unmask), next(answer), asText(text)].filter(Boolean));
}

function verdict(answer, shown) {
  const { title, now } = shown;
  const good = answer.verdict === "verified";
  const unknown = answer.verdict === "unrecognised";
  return make("div", { class: `verdict ${good ? "ok" : unknown ? "none" : "bad"}` },
    make("p", { class: "line" }, make("span", { class: `st ${good ? "ok" : unknown ? "none" : "bad"}` }, WORDS[answer.verdict]), title, answer.reason && links.reason(answer.reason), answer.clause && links.clause(answer.clause)),
    make("h2", { id: "answer-h", tabindex: "-1" }, prose(heading(answer))),
    good ? genuine(answer, now) : refusedBecause(answer, shown),
    Object.keys(answer.evidence).length ? make("dl", { class: "facts" }, Object.entries(answer.evidence).map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", { class: "mono" }, value)))) : null,
    answer.took && make("div", { class: "read" }, make("b", { id: "read-h" }, "Read as"), make("ol", { class: "undone", "aria-labelledby": "read-h" }, make("li", {}, answer.took), answer.undone.map((one) => make("li", {}, one)))));
}

function refusedBecause(answer, { title, recognised }) {
  if (answer.verdict === "unrecognised") return make("p", {}, prose(answer.says));
  if (!answer.explanations.length) {
    return [make("p", {}, prose(answer.hint)), recognised && !answer.signature_fits && make("p", { class: "hint" }, `It was taken for a request of ${title}. If it is another platform’s, choose the platform.`)];
  }
  const { parts } = answer.explanations[0][0];
  const then = answer.then && make("p", {}, "With the right signature it is refused all the same: ", links.reason(answer.then), ".");
  return [then, parts.length > 1 ? make("ol", { class: "several" }, parts.map((part) => make("li", {}, prose(part.says)))) : make("p", {}, answer.reason === "decryption-failed" ? "With this mistake it decrypts." : "With this mistake the signature is exactly the one that was received.")].filter(Boolean).reverse();
}

function genuine({ returns, undone }, now) {
  const list = (names, signed) => names.length ? names.map((name) => make("code", { class: signed ? "cov" : null }, name)) : "nothing";
  return [
    returns.says && make("p", {}, returns.says),
    returns.timestamp !== null && make("p", {}, when(returns.timestamp, now)),
    undone.length ? make("p", {}, "It verifies after what was undone: a receiver that got it as it was pasted refuses it.") : null,
    make("dl", { class: "facts" },
      make("div", {}, make("dt", {}, "signed"), make("dd", { class: "names" }, list(returns.covered, true))),
      make("div", {}, make("dt", {}, "not signed"), make("dd", { class: "names" }, list(returns.not_covered, false)))),
    returns.parameters.length ? make("details", {}, make("summary", {}, "Its values"), make("dl", { class: "facts" }, returns.parameters.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", { class: "mono" }, visible(value)))))) : null,
  ];
}

function when(timestamp, now) {
  const seconds = now - timestamp, away = Math.abs(seconds);
  const [size, unit] = [[86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]].find(([least]) => away >= least) ?? [1, "second"];
  const many = Math.floor(away / size);
  return `Signed at ${timestamp}, ${many} ${unit}${many === 1 ? "" : "s"} ${seconds < 0 ? "after" : "before"} the time of verifying.`;
}

const doubts = (answer) => answer.doubts.length ? make("ul", { class: "doubts" }, answer.doubts.map((one) => make("li", {}, make("span", { class: "st wait" }, "note"), " ", one))) : null;

function changes(groups) {
  if (!groups.length) return null;
  return section("change-h", "What to change", "", make("ul", { class: "change" }, groups[0][0].parts.map((part) =>
    make("li", {}, make("p", { class: "cure" }, prose(part.cure)), part.change && make("p", { class: "hint" }, "In this request: ", part.change), part.source && make("p", { class: "hint" }, "Known from ", part.source, ".")))));
}

function bytes({ explanations }, unmask) {
  const found = explanations[0]?.[0];
  if (!found) return null;
  if (found.difference) return difference("lens-h", found.difference, ["The rule signs", "The sender signed"], 64, unmask);
  return null;
}

function difference(id, found, labels, behind, unmask) {
  const drawn = found.ours || found.theirs;
  return section(id, `The first byte that differs: ${found.at}`, "counted from 0, in the signed text", drawn ? lens(found, labels, behind)
    : make("p", {}, "The bytes are masked, since they may hold a credential. ", make("button", { class: "btn small", type: "button", onclick: unmask }, "Show them")));
}

function own(mine, unmask) {
  if (!mine) return null;
  const said = mine.same_as === "message" ? "Your text is the signed text, byte for byte: look at the secret and at how the digest is made."
    : mine.same_as ? `Your text is the stage ${mine.same_as}; what is signed is the stage message.`
    : mine.at !== null ? `Your text first differs from the signed text at byte ${mine.at}: ${mine.name}.`
    : mine.digest_fits ? "Your digest is right for what was received: compare it with the request’s in constant time, as bytes." : "";
  return section("mine-h", "What you signed", "", said && make("p", {}, prose(said)), mine.at !== null && difference("mine-lens-h", { at: mine.at, ours: mine.ours, theirs: mine.yours }, ["The rule signs", "You signed"], 24, unmask),
    mine.at === null && mine.explanations[0]?.[0].difference && difference("mine-lens-h", mine.explanations[0][0].difference, ["The rule signs", "You signed"], 64, unmask),
    mine.explanations.length ? [make("p", {}, "How yours is made, and what to change:"), groups(mine.explanations)]
    : mine.tried && !mine.same_as && !mine.digest_fits ? make("p", {}, `No known mistake gives yours: ${many(mine.tried)} were tried.`) : null);
}

const many = (tried) => `${tried.toLocaleString("en-GB")} combination${tried === 1 ? "" : "s"}`;

function fitting(answer, deeper) {
  if (answer.explanations.length) return section("fit-h", "Explanations that fit", `likeliest first; each gives the received signature; ${many(answer.tried)} tried`, groups(answer.explanations, true));
  if (!answer.tried || answer.signature_fits) return null;
  return section("fit-h", "No known mistake fits", `${many(answer.tried)} tried`, make("p", {}, NOTHING_FITS),
    answer.ended === "budget" && make("p", {}, "The search ended at its limit. ", make("button", { class: "btn", type: "button", onclick: deeper }, "Search longer")));
}

/** List groups of explanations; with `above`, the cures of the first are above already. */
function groups(all, above = false) {
  return make("ol", { class: "reasons" }, all.slice(0, MOST_GROUPS).map((group, place) => {
    const [first, ...others] = group, cures = !(above && place === 0);
    return make("li", {}, make("strong", {}, prose(told(first))), make("span", { class: "tag" }, first.parts.length > 1 ? `${first.parts.length} together` : first.kind),
      make("dl", { class: "parts" }, first.parts.map((part) => make("div", {}, make("dt", {}, links.mistake(part.id), part.change && [": ", part.change]),
        make("dd", {}, first.parts.length > 1 && [prose(part.says), " "], cures && [prose(part.cure), " "], part.source && cures && `Known from ${part.source}. `, part.clause && part.clause !== part.id.split("=")[0] && ["Rule ", links.clause(part.clause)])))),
      others.length ? make("details", {}, make("summary", {}, `${others.length} more give${others.length === 1 ? "s" : ""} the same bytes`), make("ul", {}, others.map((other) => make("li", {}, other.parts.map((part, place) => [place ? " + " : "", links.mistake(part.id)]), ": ", prose(other.says), other.change && [" (", other.change, ")"])))) : null);
  }));
}

function stages(answer, unmask) {
  if (!answer.stages.length) return null;
  const last = answer.stages.length - 1;
  return section("stages-h", "The bytes, stage by stage", "from the request to what is signed; ␣ is a space", make("ol", { class: "stages" }, answer.stages.map((stage, place) =>
    make("li", {}, make("b", {}, stage.name),
      make("code", { class: stage.masked ? "dim" : place === last ? "cov" : null }, stage.hex && !stage.text ? [make("small", {}, "hex "), stage.hex] : visible(stage.text)),
      make("small", {}, `${stage.length.toLocaleString("en-GB")} byte${stage.length === 1 ? "" : "s"}`, stage.clause && [" · ", links.shortly(stage.clause)])))),
    answer.stages.some((stage) => stage.masked) && make("p", { class: "hint after" }, "Credentials are masked. ", make("button", { class: "btn small", type: "button", onclick: unmask }, "Show them")));
}

function next(answer) {
  const { parts } = answer.explanations[0]?.[0] ?? answer.mine?.explanations[0]?.[0] ?? { parts: [] };
  const clause = parts.at(-1)?.clause || answer.clause;
  const found = [clause && ["The rule", links.clause(clause)], clause && links.step(clause) && ["The recipe", links.step(clause)],
    ...parts.map((part) => ["The mistake", links.mistake(part.id)]), answer.reason && ["The reason", links.reason(answer.reason)]].filter(Boolean);
  return found.length ? make("p", { class: "next" }, found.map(([what, link]) => make("span", {}, `${what}: `, link))) : null;
}

const asText = (text) => text && make("details", {}, make("summary", {}, "The same as text, as the command prints it"), make("pre", { tabindex: "0" }, text));
