// Put before the theme's search, which counts a word of a title a thousand times one of the text, the beginning of a
// word like the whole word, and every platform alike. Here what it finds is weighed anew: whole words before beginnings,
// few missing words before many, rare words before common ones, bare headings last, and the platform that is named first.
(() => {
  const FEW = new Set("$few".split(" ")), PLATFORMS = $platforms;
  const NEAR = 0.7, SHOWN = 3; // of one page, how many sections are shown at once, and how near they have to be to the best
  const WORTH = 0.5; // the part of the words that a page has to have, of those that the best has
  const EXCERPT = 40; // words
  const WHOLE = /^(?:.|\d+)$/u; // a letter and a number are no beginnings of words
  const cut = text => text.toLowerCase().split(/[^\p{L}\p{N}_]+/u).filter(word => word);
  const stem = word => word.length > 4 ? word.replace(/(?:i?es|i?ed|ing|e|s|y)$/, "") : word.length > 3 ? word.replace(/s$/, "") : word;
  const words = (text, joined) => {
    const all = cut(text), pairs = joined ? all.slice(1).flatMap((word, place) => [all[place] + word, `${all[place]}_${word}`]) : [];
    return {whole: new Set([...all, ...pairs]), stems: new Set(all.map(stem)), length: all.length};
  };
  const groups = "$alike".split(", ").map(group => group.split(" ").map(stem));
  const alike = word => groups.filter(group => group.includes(stem(word))).flat().filter(each => each !== stem(word));
  const asked = [], docs = new Map(), counts = new Map(), post = self.postMessage.bind(self);

  // `clientId` finds `client-id`, and "health check" `healthcheck`.
  const match = ({whole, stems}, word, pairs) =>
    whole.has(word) ? 1 : pairs.some(pair => whole.has(pair)) ? 1 : stems.has(stem(word)) ? 0.9
      : alike(word).some(each => stems.has(each)) ? 0.7
        : !WHOLE.test(word) && [...whole].some(each => each.startsWith(word)) ? (counts.has(stem(word)) ? 0.15 : 0.9) : 0;

  const excerpt = text => {
    const parts = text.match(/(?:<[^>]*>|[^\s<])+/g) || [];
    const marks = parts.flatMap((part, place) => part.includes("<mark") ? [place] : []);
    const within = from => marks.filter(place => place >= from && place < from + EXCERPT - 5).length;
    const best = marks.reduce((found, place) => within(place) > within(found) ? place : found, marks[0] || 0);
    const from = parts.length > EXCERPT ? Math.max(0, best - 5) : 0, shown = parts.slice(from, from + EXCERPT);
    return (from ? "… " : "") + shown.join(" ") + (from + EXCERPT < parts.length ? " …" : "");
  };

  const weigh = (query, item) => {
    const {title, text, boost, id, own, page} = docs.get(item.location), terms = {};
    let sum = 0, found = 0, all = 0, inTitle = 0;
    for (const [place, word] of query.words.entries()) {
      const pairs = [[query.words[place - 1], word], [word, query.words[place + 1]]].filter(each => each[0] && each[1]).map(each => each.join(""));
      const rare = Math.log(1 + docs.size / (counts.get(stem(word)) || 1));
      const there = match(title, word, pairs), below = match(text, word, pairs), best = Math.max(there, below, match(page, word, pairs) / 2);
      sum += rare * (2 * there + below);
      found += rare * best;
      all += rare;
      inTitle += there;
      terms[word] = best > 0;
    }
    for (const word of query.named) terms[word] = own === PLATFORMS[word];
    const fits = !query.named.length || !own ? 1 : query.named.some(word => PLATFORMS[word] === own) ? 2 : 0.3;
    const exact = !text.length ? 0.1 : id === query.id ? 4 : 1;
    const score = sum * (found / all) ** 2 * (1 + inTitle / (title.length || 1)) * boost * fits * exact / (1 + Math.log(10 + text.length));
    return {...item, terms, score, part: found / all, text: excerpt(item.text)};
  };
  const again = (query, group) => {
    const found = group.map(item => weigh(query, item)).sort((one, other) => other.score - one.score), best = found[0].score;
    for (const item of found.slice(0, SHOWN)) if (item.score > NEAR * best) item.score = best;
    return found;
  };
  self.postMessage = message => {
    if (message.type === 3 && message.data.items) {
      const query = asked.shift();
      const groups = message.data.items.map(group => again(query, group)).sort(([one], [other]) => other.score - one.score);
      const least = WORTH * Math.max(0, ...groups.flat().map(({part}) => part));
      const worth = ({part, location}) => part >= least || !location.includes("#"); // the theme needs the page itself
      message.data.items = groups.filter(group => group.some(({part}) => part >= least)).map(group => group.filter(worth));
    }
    post(message);
  };
  addEventListener("message", ({data}) => {
    if (data.type === 0) {
      for (const {location, title, text, boost = 1} of data.data.docs) {
        const own = Object.values(PLATFORMS).find(name => location.includes(name)), page = docs.get(location.split("#")[0]);
        const doc = {title: words(title, true), text: words(text), boost, id: title.toLowerCase(), own};
        docs.set(location, {...doc, page: page ? page.title : doc.title});
        for (const each of new Set([...doc.title.stems, ...doc.text.stems])) counts.set(each, (counts.get(each) || 0) + 1);
      }
    } else if (data.type === 2) {
      const id = data.data.toLowerCase().replace(/"/g, "").trim(), all = cut(id);
      // A function word goes where it stands alone: ids keep theirs. So does "doesn't", and the end of "what's".
      const left = cut(id.replace(/\w+n['’]t\b|['’](?:s|m|re|ve|ll|d)\b/g, "").split(/\s+/).filter(part => !FEW.has(part.replace(/\W+$/, ""))).join(" "));
      const kept = [...new Set(left.length ? left : all)];
      const named = kept.filter(word => PLATFORMS[word]), others = kept.filter(word => !PLATFORMS[word]);
      asked.push(others.length ? {id, words: others, named} : {words: kept, named: []});
      if (!data.data.includes('"')) data.data = kept.flatMap(word => [WHOLE.test(word) ? `${word}^1` : stem(word), ...alike(word)]).join(" ");
    }
  });
})();
