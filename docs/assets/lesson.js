// Runs the cells of a lesson where they are read. Nothing of the engine is loaded before the button is pressed.
(() => {
  const base = document.currentScript.src;
  const link = document.querySelector("a[download$='.ipynb']"), slots = [...document.querySelectorAll(".ran")];
  if (!link || !slots.length) return;
  const lesson = link.download.replace(/\.ipynb$/, "");
  let cells = [], worker, waiting = new Map(), session = 0;

  const make = (tag, text = "", more = {}) => Object.assign(document.createElement(tag), {textContent: text, ...more});
  const button = (text, press) => make("button", text, {type: "button", onclick: press});
  const said = make("span"), bar = make("progress", "", {hidden: true, max: slots.length, ariaLabel: "Cells that have run"});
  said.setAttribute("role", "status");

  // --- the worker

  function ask(question) {
    return new Promise((answered, failed) => {
      if (!worker) {
        worker = new Worker(new URL("../engine/worker.mjs", base), {type: "module"});
        worker.onmessage = ({data}) => data.stage ? stage(data.stage) : settle(data);
        worker.onerror = () => end("The engine could not be loaded. Is this page opened as a file, or its site built without it?");
      }
      const id = ++session;
      waiting.set(id, {answered, failed});
      worker.postMessage({id, lesson, ...question});
    });
  }
  function settle({id, ok, error, ...answer}) {
    const {answered, failed} = waiting.get(id);
    waiting.delete(id);
    if (ok) answered(answer);
    else failed(new Error(error));
  }
  function stage(name) {
    said.textContent = {python: "Loading Python…", package: "Loading the package…", ready: "Running…"}[name];
  }
  function end(why) {
    if (worker) worker.onmessage = worker.onerror = null; // what is queued would be taken for the next run's
    worker?.terminate();
    worker = undefined;
    for (const {failed} of waiting.values()) failed(new Error(why));
    waiting.clear();
    for (const cell of cells) cell.done = false;
  }

  // --- the cells

  const text = part => Array.isArray(part) ? part.join("") : part ?? "";
  function stored({output_type, text: printed, data}) {
    if (output_type === "stream") return {kind: "text", text: text(printed)};
    const rich = ["html", "markdown"].find(kind => data[`text/${kind}`]), plain = text(data["text/plain"]);
    return rich ? {kind: rich, text: text(data[`text/${rich}`]), plain} : {kind: "text", text: plain};
  }
  const key = outputs => JSON.stringify(outputs.map(({kind, text, plain}) => [kind, text, plain]));

  async function read() {
    if (cells.length) return;
    const answer = await fetch(link.href);
    if (!answer.ok) throw new Error(`The notebook could not be loaded (${answer.status}).`);
    const found = (await answer.json()).cells.filter(cell => cell.cell_type === "code" && text(cell.source).trim());
    cells = found.map((cell, number) => {
      let code = slots[number].previousElementSibling;
      while (!code.matches(".cell")) code = code.previousElementSibling;
      return {number, code, slot: slots[number], source: text(cell.source), outputs: cell.outputs.map(stored), done: false};
    });
  }
  const source = cell => cell.editor?.value ?? cell.source;

  async function run(cell) {
    for (const before of cells.slice(0, cell.number)) if (!before.done) await run(before);
    const changed = source(cell) !== cell.source;
    const {outputs} = await ask({do: "run", cell: cell.number, source: source(cell)}).catch(error => {
      note(cell, "Did not run to its end here.", "other");
      throw error;
    });
    cell.done = true;
    cell.same = key(outputs) === key(cell.outputs);
    show(cell, outputs, changed);
  }
  function show(cell, outputs, changed) {
    const what = cell.same
      ? `✓ Ran here: ${outputs.length ? "the same output" : "no output"}, as stored.`
      : `≠ Ran here${changed ? ", as you changed it" : ""}: ${outputs.length ? "another output than stored." : "no output, unlike what is stored."}`;
    note(cell, what, cell.same ? "same" : "other");
    if (!cell.same) cell.slot.append(...outputs.map(one => {
      const block = make("pre", one.plain ?? one.text, {tabIndex: 0, className: one.kind});
      block.setAttribute("aria-label", `What cell ${cell.number + 1} gave here`);
      return block;
    }));
  }
  function note(cell, what, className) {
    cell.change ??= button(`Change cell ${cell.number + 1}`, () => edit(cell));
    cell.slot.hidden = false;
    cell.slot.id = `ran-${cell.number + 1}`;
    cell.slot.replaceChildren(make("span", what, {className}), ...cell.editor ? [] : [cell.change]);
  }
  function edit(cell) {
    const running = `Running cell ${cell.number + 1}…`;
    const rows = cell.source.split("\n").length + 1;
    cell.editor = make("textarea", "", {value: cell.source, rows, spellcheck: false, autocapitalize: "off", wrap: "off"});
    cell.editor.setAttribute("aria-label", `Code of cell ${cell.number + 1}`);
    cell.editor.onkeydown = event => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) start(() => run(cell), running);
    };
    const undo = button(`Undo changes to cell ${cell.number + 1}`, () => {
      box.remove();
      cell.editor = undefined;
      cell.code.hidden = false;
      if (worker && !busy) return void start(() => run(cell), running).then(() => cell.change.focus());
      cell.done = false;
      note(cell, "As stored again, and not run since.", "");
      cell.change.focus();
    });
    const box = make("div", "", {className: "editor"});
    box.append(cell.editor, button(`Run cell ${cell.number + 1}`, () => start(() => run(cell), running)), undo, make("small", "Ctrl+Enter runs it"));
    cell.code.before(box);
    cell.code.hidden = true;
    cell.change.remove();
    cell.editor.focus();
  }

  // --- the bar

  const main = button("Run this lesson here", () => worker && busy ? stop() : start(all));
  let busy = false;
  async function start(work, what = "Running…") {
    if (busy) return;
    busy = true;
    main.textContent = "Stop";
    said.textContent = what;
    try {
      await read();
      await work();
      conclude();
    } catch (error) {
      said.textContent = error.message;
    }
    bar.hidden = true;
    busy = false;
    main.textContent = "Run all cells again";
  }
  async function all() {
    bar.value = 0;
    bar.hidden = false;
    await ask({do: "start"});
    await ask({do: "restart"});
    for (const cell of cells) cell.done = false;
    for (const cell of cells) {
      await run(cell);
      bar.value = cell.number + 1;
    }
  }
  function stop() {
    end("Stopped. The next run loads Python again.");
  }
  function conclude() {
    const other = cells.filter(cell => cell.done && !cell.same), ran = cells.filter(cell => cell.done).length;
    said.textContent = other.length ? `${other.length} of ${ran} cells gave another output than stored: ` : `${ran} cells ran here, and all outputs are as stored.`;
    other.forEach(({number}, place) => said.append(place ? ", " : "", make("a", `cell ${number + 1}`, {href: `#ran-${number + 1}`})));
  }
  said.textContent = `Runs the ${slots.length} cells in this page. The first run loads Python, about 7 MB. Nothing leaves your browser.`;
  const top = make("div", "", {className: "runs"});
  if (location.protocol === "file:") {
    said.textContent = "Served as a site, this lesson can be run in the page. Opened as a file, it may not load Python.";
    main.hidden = true;
  }
  top.append(main, said, bar);
  document.querySelector("article h1").after(top);
})();
