// The fault picker: groups, a sentence for each fault, how it has to end, and a search over all of it.
import { $, ask, el, say, state } from "./dom.js";

const SURVIVED = "Must be survived";

/** Let the person choose a fault of a step. Returns it, null for none, undefined where the choice stays as it was. */
export const pick = async (step, before) => {
  let faults;
  try {
    ({ faults } = await ask("/faults", { press: step.id }));
  } catch (error) { say(error.message); return undefined; }
  const dialog = $("#faults");
  const find = $("#find");
  $("#faults-h").textContent = `What should go wrong at “${step.title}”?`;
  const names = ["All", ...new Set(faults.map((one) => one.group)), ...(faults.some((one) => one.survived) ? [SURVIVED] : [])];
  faults.sort((one, other) => names.indexOf(one.group) - names.indexOf(other.group));
  const within = (fault, group) => group === "All" || fault.group === group || (group === SURVIVED && fault.survived);
  $("#groups").replaceChildren(...names.map((name, index) => el("label", {},
    el("input", { type: "radio", name: "group", value: name, checked: index === 0 }), name,
    el("span", {}, String(faults.filter((one) => within(one, name)).length)))));
  find.value = "";
  const draw = () => {
    const group = $("[name=group]:checked").value;
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const shown = faults.filter((one) => within(one, group) && words.every((word) => Object.values(one).join(" ").toLowerCase().includes(word)));
    const made = [];
    let last = "";
    for (const one of shown) {
      if (one.group !== last) made.push(el("h3", {}, last = one.group));
      made.push(el("label", {}, el("input", { type: "radio", name: "fault", value: one.name, checked: one.name === before?.name }),
        el("strong", {}, one.what), el("code", {}, `${one.name} · ${one.clause}`), state(one.survived ? "ok" : "bad", one.ends)));
    }
    $("#choices").replaceChildren(...(made.length ? made : [el("p", { class: "blank" }, "No fault matches. Try “time”, “order” or “twice”.")]));
    $("#found").textContent = `${shown.length} of ${faults.length} faults`;
  };
  draw();
  $("#groups").onchange = draw;
  find.oninput = draw;
  find.onkeydown = (event) => {
    if (event.key === "Escape" && find.value) { event.preventDefault(); find.value = ""; draw(); }
  };
  // Enter in a form presses its first button, which closes: here it uses the fault that it stands on
  dialog.onkeydown = (event) => {
    if (event.key !== "Enter" || event.target.tagName !== "INPUT") return;
    event.preventDefault();
    if (event.target.name === "fault") { event.target.checked = true; dialog.close("use"); }
  };
  dialog.returnValue = "";
  dialog.showModal();
  find.focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const name = $("[name=fault]:checked")?.value;
      if (dialog.returnValue === "none") resolve(null);
      else if (dialog.returnValue === "use" && name) resolve(faults.find((one) => one.name === name));
      else resolve(undefined);
    }, { once: true });
  });
};
