// What is wrong with the look of a page, found in the page itself. Returns lines, each with its kind first.
() => {
  const found = new Map();
  const add = (kind, text) => {
    const seen = found.get(kind) ?? found.set(kind, []).get(kind);
    seen.push(String(text).trim().replace(/\s+/g, " ").slice(0, 60));
  };
  const shown = el => el.checkVisibility({opacityProperty: true, visibilityProperty: true});
  const all = selector => [...document.querySelectorAll(selector)].filter(shown);
  const both = (a, b) => [Math.min(a.right, b.right) - Math.max(a.left, b.left), Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)];
  const scrolls = el => el.scrollWidth > el.clientWidth + 1;

  // --- every line of text, as far as it is shown

  function visible(el, {left, right, top, bottom}) {
    for (let each = el; each && each !== document.documentElement; each = each.parentElement) {
      const {overflowX, display} = getComputedStyle(each);
      if (overflowX === "visible" || display === "inline" || each instanceof SVGElement) continue;
      const box = each.getBoundingClientRect();
      [left, right] = [Math.max(left, box.left), Math.min(right, box.right)];
      [top, bottom] = [Math.max(top, box.top), Math.min(bottom, box.bottom)];
    }
    return right - left < 2 || bottom - top < 2 ? undefined : {left, right, top, bottom};
  }
  const lines = [], range = document.createRange();
  const nodes = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (nodes.nextNode()) {
    const node = nodes.currentNode, el = node.parentElement;
    if (!node.data.trim() || el.closest("script, style, noscript, .headerlink, .md-header, .md-sidebar, .md-tabs, .md-search") || !shown(el)) continue;
    range.selectNodeContents(node);
    for (const rect of range.getClientRects()) {
      const box = rect.width > 2 && rect.height > 2 && visible(el, rect);
      if (box) lines.push({node, el, box, text: node.data});
    }
    // a word is cut only where no line could hold it
    if (el.closest("pre, svg") || !el.closest("td, th, h1, h2, h3, h4")) continue;
    for (const word of node.data.matchAll(/[A-Za-z_]{4,20}/g)) {
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      const tops = new Set([...range.getClientRects()].filter(rect => rect.width > 1).map(rect => Math.round(rect.top)));
      if (tops.size > 1 && !el.closest("code.long")) add("a word is cut in two", word[0]);
    }
  }
  if (document.documentElement.scrollWidth > innerWidth) add("the page scrolls sideways", document.documentElement.scrollWidth);
  lines.sort((one, other) => one.box.top - other.box.top);
  lines.forEach((one, place) => {
    if (one.box.right > innerWidth + 1 || one.box.left < -1) add("text is outside", one.text);
    for (const other of lines.slice(place + 1)) {
      if (other.box.top > one.box.bottom) break;
      const [wide, high] = both(one.box, other.box);
      const least = Math.min(one.box.bottom - one.box.top, other.box.bottom - other.box.top);
      if (one.node !== other.node && wide > 2 && high > 0.35 * least) add("text stands over text", `${one.text} / ${other.text}`);
    }
  });
  if (!lines.some(({el, box}) => el.closest("article p, article li, main p") && box.bottom < innerHeight)) add("the first screen says nothing", "");

  // --- what is cut off, what scrolls, what covers text

  for (const el of all("article *, main *, .md-footer *")) {
    if (el instanceof SVGElement || el.matches("textarea, input, select, .md-sidebar, .md-sidebar *")) continue;
    const {overflowX, overflowY, display, backgroundImage} = getComputedStyle(el);
    if (display === "inline" || el.clientWidth < 2) continue;
    const cut = (overflowX === "hidden" && scrolls(el)) || (overflowY === "hidden" && el.scrollHeight > el.clientHeight + 1);
    if (cut && el.textContent.trim()) add("text is cut off", el.textContent);
    if (overflowX === "auto" && scrolls(el) && backgroundImage === "none") add("nothing shows that it scrolls", el.textContent);
  }
  for (const button of all(".md-clipboard")) {
    const pre = button.closest("pre"), box = button.getBoundingClientRect();
    const covered = lines.find(({el, box: line}) => pre.contains(el) && !button.contains(el) && both(line, box).every(size => size > 2));
    if (covered && !scrolls(pre.querySelector("code"))) add("a button covers text", covered.text);
  }

  // --- what is too small, too pale, or not written out

  const canvas = Object.assign(document.createElement("canvas"), {width: 1, height: 1}).getContext("2d", {willReadFrequently: true});
  const known = {};
  function colour(css) {
    if (known[css]) return known[css];
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = css;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
    return known[css] = [red, green, blue, alpha / 255];
  }
  const over = (one, below) => [0, 1, 2].map(place => one[place] * one[3] + below[place] * (1 - one[3])).concat(1);
  function paper(el) {
    const layers = [];
    for (let each = el; each; each = each.parentElement) {
      layers.push(colour(getComputedStyle(each).backgroundColor));
      if (layers.at(-1)[3] === 1) break;
    }
    return layers.reduceRight((below, layer) => over(layer, below), [255, 255, 255, 1]);
  }
  function light(rgb) { // relative luminance, as WCAG 2.2 defines it
    const [red, green, blue] = rgb.map(value => value / 255).map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }
  const looked = new Set();
  for (const {el, text} of lines) {
    if (looked.has(el)) continue;
    looked.add(el);
    const style = getComputedStyle(el), drawn = el instanceof SVGElement, ink = [...colour(drawn ? style.fill : style.color)];
    for (let each = el; each; each = each.parentElement) ink[3] *= getComputedStyle(each).opacity;
    const below = paper(el), [lighter, darker] = [light(over(ink, below)), light(below)].sort((one, other) => other - one);
    if ((lighter + 0.05) / (darker + 0.05) < 4.5 && !el.closest(":disabled")) add("the contrast is under 4.5", text);
    const matrix = drawn ? el.getScreenCTM() : {a: 1, b: 0};
    if (parseFloat(style.fontSize) * Math.hypot(matrix.a, matrix.b) < 9) add("text is under 9 px", text);
    if (!el.closest("code, pre, .output") && /`[^`]+`|\*\*[^*]+\*\*|\]\([^)]+\)/.test(text)) add("markup is shown as it was written", text);
  }
  for (const drawing of all("article svg[viewBox]")) {
    const box = drawing.getBoundingClientRect();
    for (const text of drawing.querySelectorAll("text")) {
      const {left, right, top, bottom} = text.getBoundingClientRect();
      if (left < box.left - 1 || right > box.right + 1 || top < box.top - 1 || bottom > box.bottom + 1) add("a drawing cuts its text", text.textContent);
    }
  }
  for (const picture of all("article img")) {
    if (!picture.alt) add("a picture says nothing", picture.src);
    if (picture.getBoundingClientRect().right > innerWidth) add("a picture is too wide", picture.src);
  }
  for (const heading of all("article :is(h2, h3, h4, h5, h6)")) if (!heading.id) add("a heading has no address", heading.textContent);

  // --- what a finger has to hit; what stands within a sentence may be small

  for (const el of innerWidth < 600 ? all("a[href], button, summary, select, [role=button]") : []) {
    const boxes = [el, ...el.children].map(each => each.getBoundingClientRect());
    if (el.closest(".headerlink, .md-sidebar, .md-search") || !boxes[0].width) continue;
    if (boxes.some(({width, height}) => Math.min(width, height) > 23.5)) continue;
    let block = el.parentElement;
    while (getComputedStyle(block).display.startsWith("inline")) block = block.parentElement;
    const apart = block.textContent.replace(/\s/g, "").length <= el.textContent.replace(/\s/g, "").length + 1;
    if (!getComputedStyle(el).display.startsWith("inline") || apart) add("it is under 24 px", el.textContent);
  }
  return [...found].map(([kind, texts]) => `${kind}, ${texts.length} times, first ${JSON.stringify(texts[0])}`);
}
