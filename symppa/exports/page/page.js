// The state of the page: fields and sliders in, results and limits out. `compute` is the program above.

const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const fields = data.fields;
const state = fields.map((f) => f.value ?? null);
const refused = new Set();
const byName = new Map(fields.map((f, k) => [f.name, k]));

const spans = fields.map((f) => (f.range ? stops(f.range) : null));

// the program

function gather(values) {
  const told = {};
  fields.forEach((f, k) => {
    const value = f.labels && values[k] !== null ? f.labels[values[k]] : values[k];
    if (!f.place) { told[f.given] = value; return; }
    let list = (told[f.given] ??= []);
    f.place.slice(0, -1).forEach((p) => { list = list[p] ??= []; });
    list[f.place[f.place.length - 1]] = value;
  });
  return told;
}

const at = (found, place) => place.reduce((list, p) => list?.[p], found);

function missing(values) {
  return fields.filter((f, k) => values[k] === null).map((f) => f.name);
}

// showing

const cells = [...document.querySelectorAll("data[data-output]")].map((cell) => ({
  cell,
  output: data.outputs[Number(cell.dataset.output)],
  place: cell.dataset.place === "" || cell.dataset.place === "all" ? [] : cell.dataset.place.split(",").map(Number),
  whole: cell.dataset.place === "all",
}));
let last = null;

function show() {
  const trouble = $("trouble");
  const none = missing(state);
  last = null;
  let reason = "";
  if (none.length) reason = `Not computed: no value is told for ${none.slice(0, 5).join(", ")}${none.length > 5 ? ` and ${none.length - 5} more` : ""}.`;
  else {
    try { last = compute(gather(state)); } catch (error) { reason = `Not computed: ${error.message}`; }
  }
  trouble.hidden = !reason;
  trouble.textContent = reason;
  for (const { cell, output, place } of cells) {
    const values = last ? [at(last[output.name], place)].flat(Infinity).filter((v) => v !== undefined) : [];
    const all = values.map(String).join(", ");
    cell.value = all;
    cell.title = all;
    cell.textContent = !values.length ? "—" : $("digits").checked ? all : values.map((v) => shown(v, !output.unit)).join(", ");
  }
  showLimits();
  draw();
  sayLater();
}

function verdict(limit, value) {
  const slack = SLACK * Math.abs(limit.bound);
  const room = { "<=": limit.bound - value, "<": limit.bound - value, ">=": value - limit.bound, ">": value - limit.bound }[limit.relation];
  if (limit.relation === "==") {
    const off = Math.abs(value - limit.bound);
    return { met: off <= slack, margin: off };
  }
  return { met: limit.relation.length === 2 ? room >= -slack : room > 0, margin: Math.abs(room) };
}

function showLimits() {
  data.limits.forEach((limit, k) => {
    const place = document.querySelector(`[data-limit="${k}"]`);
    const output = data.outputs.find((o) => o.name === limit.output);
    const unit = output.unit ? ` ${output.unit}` : "";
    const values = last ? [last[limit.output]].flat(Infinity) : [];
    const found = values.map((value) => ({ value, ...verdict(limit, value) }));
    const broken = found.filter((one) => !one.met);
    const one = (broken.length ? broken : found).reduce(
      (a, b) => (a === null || (broken.length ? b.margin > a.margin : b.margin < a.margin) ? b : a), null);
    let text = "—";
    if (one) {
      const share = limit.bound === 0 ? "" : ` (${shown((100 * one.margin) / Math.abs(limit.bound))} %)`;
      const margin = `${shown(one.margin)}${unit}${share}`;
      const off = { "<": "too much", ">": "too little", "=": "off" }[limit.relation[0]];
      let how = one.met ? `${margin} to spare` : `${margin} ${off}`;
      if (one.met && (one.margin === 0 || limit.relation === "==")) how = "exactly";
      if (Number.isNaN(one.value)) how = "no value here";
      text = `${one.met ? "✓ met" : "✗ broken"}: ${shown(one.value, !output.unit)}${unit}, ${how}`;
    }
    const line = document.createElement("span");
    line.className = `verdict ${one ? (one.met ? "met" : "broken") : ""}`;
    line.textContent = text;
    place.replaceChildren(line);
  });
}

let saying = 0;
let quiet = true;
function sayLater() {
  clearTimeout(saying);
  if (quiet) { quiet = false; return; }
  saying = setTimeout(() => {
    const parts = cells.filter((c) => !c.place.length && !c.whole).slice(0, 3).map((c) => {
      const value = Number(c.cell.value);
      return `${c.output.name} ${c.cell.value === "" ? "not computed" : measured(value, c.output.unit, !c.output.unit)}`;
    });
    const broken = document.querySelectorAll("[data-limit] .broken").length;
    if (data.limits.length && last) parts.push(broken ? `${broken} limit${broken > 1 ? "s" : ""} broken` : "every limit met");
    $("live").textContent = parts.join(", ");
    $("state").textContent = `Values not at their start: ${fragment() || "none"}`;
  }, 400);
}

// fields

function place(k) {
  const f = fields[k];
  const field = $(`field-${k}`);
  if (f.labels) { field.value = state[k] === null ? "" : String(state[k]); return; }
  field.value = state[k] === null ? "" : String(state[k]);
  accept(k);
  slide(k);
}

function slide(k) {
  const slider = $(`slider-${k}`);
  if (!slider || state[k] === null) return;
  slider.value = String(nearest(spans[k], state[k]));
  slider.setAttribute("aria-valuetext", measured(state[k], fields[k].shown, true));
}

function accept(k) {
  refused.delete(k);
  $(`field-${k}`).removeAttribute("aria-invalid");
  const line = $(`error-${k}`);
  line.hidden = true;
  line.textContent = "";
}

function refuse(k, text) {
  refused.add(k);
  $(`field-${k}`).setAttribute("aria-invalid", "true");
  const line = $(`error-${k}`);
  const f = fields[k];
  line.hidden = false;
  line.textContent = text + (state[k] === null ? "" : ` The results still use ${state[k]}${f.shown ? ` ${f.shown}` : ""}.`);
}

function changed() {
  show();
  writeLater();
}

fields.forEach((f, k) => {
  const field = $(`field-${k}`);
  if (f.labels) {
    field.addEventListener("change", () => {
      state[k] = field.value === "" ? null : Number(field.value);
      changed();
    });
    return;
  }
  const take = (settled) => {
    const found = read(field.value, f, data.units);
    if (found.error) { refuse(k, found.error); return; }
    state[k] = found.value;
    accept(k);
    slide(k);
    if (settled) field.value = String(state[k]);
    changed();
  };
  field.addEventListener("input", () => take(false));
  field.addEventListener("change", () => take(true));
  const slider = $(`slider-${k}`);
  if (slider) {
    slider.min = "0";
    slider.max = String(spans[k].length - 1);
    slider.step = "1";
    slider.addEventListener("input", () => {
      state[k] = spans[k][Number(slider.value)];
      field.value = String(state[k]);
      accept(k);
      slider.setAttribute("aria-valuetext", measured(state[k], f.shown, true));
      changed();
    });
  }
});

// the state in the address

function fragment() {
  const parts = [];
  fields.forEach((f, k) => {
    if (state[k] === (f.value ?? null) || state[k] === null) return;
    const text = f.labels ? f.labels[state[k]] : String(state[k]);
    parts.push(`${encodeURIComponent(f.name)}=${encodeURIComponent(text)}`);
  });
  if (chartName() !== chart.first[2] && !byName.has("chart"))
    parts.push(`chart=${encodeURIComponent(chartName())}`);
  return parts.join("&");
}

let writing = 0;
function writeLater() {
  clearTimeout(writing);
  writing = setTimeout(write, 150);
}

function write() {
  clearTimeout(writing);
  const text = fragment();
  if (text !== location.hash.slice(1)) history.replaceState(null, "", `#${text}`);
  $("linked").hidden = true;
}

function decoded(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

function readAddress() {
  const odd = [];
  fields.forEach((f, k) => { state[k] = f.value ?? null; });
  [chart.output.value, chart.along.value] = chart.first;
  for (const part of location.hash.slice(1).split("&").filter(Boolean)) {
    const cut = part.indexOf("=");
    const name = decoded(cut < 0 ? part : part.slice(0, cut));
    const text = cut < 0 ? "" : decoded(part.slice(cut + 1));
    if (name === "chart" && !byName.has("chart")) { if (!chartSet(text)) odd.push(`chart: there is no ${text}.`); continue; }
    const k = byName.get(name);
    if (k === undefined) { odd.push(`${name}: no given of this page.`); continue; }
    const f = fields[k];
    if (f.labels) {
      const label = f.labels.indexOf(text);
      if (label < 0) odd.push(`${name}: “${text}” is none of ${f.labels.join(", ")}.`);
      else state[k] = label;
      continue;
    }
    const found = read(text, f, data.units);
    if (found.error) odd.push(`${name}: ${found.error}`);
    else state[k] = found.value;
  }
  fields.forEach((f, k) => place(k));
  say(odd.length ? `Left out of the link: ${odd.join(" ")}` : "");
  show();
}

const say = (text) => { $("said").textContent = text; };

$("reset").addEventListener("click", () => {
  fields.forEach((f, k) => { state[k] = f.value ?? null; place(k); });
  [chart.output.value, chart.along.value] = chart.first;
  show();
  write();
  say("Everything is at its start again.");
});

$("copy").addEventListener("click", async () => {
  write();
  const link = location.href;
  try {
    await navigator.clipboard.writeText(link);
    say("The link is copied: it opens this page as it is set now.");
  } catch {
    $("linked").hidden = false;
    $("link").value = link;
    $("link").select();
    say("The browser does not let a page copy: the link is marked below, copy it from there.");
  }
});

$("digits").addEventListener("change", () => {
  document.body.classList.toggle("digits", $("digits").checked);
  show();
});

document.addEventListener("copy", (event) => {
  const marked = document.getSelection();
  const held = cells.filter((c) => c.cell.value !== "" && marked.containsNode(c.cell, true));
  if (held.length !== 1 || marked.toString().trim() !== held[0].cell.textContent) return;
  event.clipboardData.setData("text/plain", held[0].cell.value); // every digit, not the four that are seen
  event.preventDefault();
});

// dark and light

const dark = matchMedia("(prefers-color-scheme: dark)");
const root = document.documentElement;
const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
const press = () => $("theme").setAttribute("aria-pressed", String(isDark()));
$("theme").addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  press();
});
dark.addEventListener("change", press);
press();

// the skip link moves the focus without touching the address, which holds the state
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  $(event.target.dataset.skip).focus();
});
