// The chart, drawn as SVG: one output along one given, or every member of an output along its own given (a roofline).

const SVG = "http://www.w3.org/2000/svg";
const chart = { output: $("chart-output"), along: $("chart-along"), first: ["", ""] };
const curves = [];
for (const { output, place: p, cell, whole } of cells) {
  if (whole) continue;
  const name = p.length ? `${output.name} [${cell.closest("tr").querySelector("i").textContent}]` : output.name;
  chart.output.add(new Option(name, String(curves.length)));
  curves.push({ output, place: p, name });
}
for (const { output, given } of data.pairs) {
  const name = `${output} along ${given}, every member`;
  chart.output.add(new Option(name, String(curves.length)));
  curves.push({ output: data.outputs.find((o) => o.name === output), given, name });
}
const axes = [...data.sliders.map((name) => byName.get(name)), ...fields.keys()]
  .filter((k, nth, all) => spans[k] && spans[k].length > 1 && all.indexOf(k) === nth);
axes.forEach((k) => chart.along.add(new Option(fields[k].name, String(k))));

const curveNow = () => curves[Number(chart.output.value)];
const drawable = () => curves.length && (axes.length || curveNow().given);

function chartName() {
  if (!drawable()) return "";
  return curveNow().given ? curveNow().name : `${curveNow().name}:${fields[Number(chart.along.value)].name}`;
}

function chartSet(text) {
  const pair = curves.findIndex((c) => c.given && c.name === text);
  if (pair >= 0) { chart.output.value = String(pair); return true; }
  for (let k = 0; k < curves.length; k += 1)
    for (const a of axes)
      if (!curves[k].given && `${curves[k].name}:${fields[a].name}` === text) {
        chart.output.value = String(k);
        chart.along.value = String(a);
        return true;
      }
  return false;
}

for (const select of [chart.output, chart.along])
  select.addEventListener("change", () => { draw(); writeLater(); });

// what is drawn: lines of points, dots with names, the bounds of limits

function tried(values) {
  try { return compute(gather(values)); } catch { return null; }
}

function alongOne(curve) {
  const k = Number(chart.along.value);
  const f = fields[k];
  const values = state.slice();
  const every = Math.ceil(spans[k].length / 100);
  const wanted = spans[k].filter((v, n, all) => n % every === 0 || n === all.length - 1);
  if (!wanted.includes(state[k])) wanted.push(state[k]);
  const line = wanted.sort((a, b) => a - b).map((x) => {
    values[k] = x;
    const found = tried(values);
    return [x, found ? at(found[curve.output.name], curve.place) : NaN];
  });
  const now = at(last[curve.output.name], curve.place);
  return { lines: [line], dots: [{ x: state[k], y: now, name: "" }], name: f.name, unit: f.shown, log: f.range.log };
}

function alongMembers(curve) {
  const own = [...fields.keys()].filter((k) => fields[k].given === curve.given);
  const f = fields[own[0]];
  const dots = own.map((k, n) => ({
    x: state[k], y: last[curve.output.name][n], name: fields[k].name.slice(curve.given.length + 1),
  }));
  const told = dots.map((d) => d.x).filter((x) => x > 0);
  const range = { low: Math.min(...told) / 2, high: Math.max(...told) * 2, log: true };
  const values = state.slice();
  const found = (told.length ? stops(range) : []).map((x) => {
    own.forEach((k) => { values[k] = x; });
    return [x, tried(values)?.[curve.output.name] ?? []];
  });
  const lines = dots.map((d, n) => found.map(([x, ys]) => [x, ys[n] ?? NaN]));
  const apart = lines.filter((line, n) => n === 0 || line.some(([, y], p) => !(Math.abs(y - lines[0][p][1]) <= SLACK * Math.abs(y))));
  return { lines: apart, dots, name: curve.given, unit: f.shown, log: true };
}

function draw() {
  const svg = $("chart");
  svg.replaceChildren();
  const none = !last || !drawable();
  $("chart-table").hidden = none;
  if (none) { $("chart-said").textContent = "No chart: nothing is computed yet, or no number is left to move."; return; }
  const curve = curveNow();
  chart.along.disabled = Boolean(curve.given);
  const made = curve.given ? alongMembers(curve) : alongOne(curve);
  const limits = data.limits.filter((l) => l.output === curve.output.name);
  tell(made, curve);
  const frame = framed(svg, made, curve, limits);
  if (!frame) return;
  for (const limit of limits) bound(svg, frame, limit);
  for (const line of made.lines) trace(svg, frame, line);
  named(svg, frame, made.dots, curve);
}

const finite = (points) => points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));

// axes

function framed(svg, made, curve, limits) {
  const good = finite([...made.lines.flat(), ...made.dots.map((d) => [d.x, d.y])]);
  if (!good.length) return null;
  const width = Math.max(240, svg.clientWidth || 600);
  const height = svg.clientHeight || 320;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const xs = good.map(([x]) => x);
  const [x0, x1] = [Math.min(...xs), Math.max(...xs)];
  const logX = Boolean(made.log) && x0 > 0;
  const own = good.map(([, y]) => y);
  const reach = Math.max(...own.map(Math.abs)) * 2.5; // a bound far away would flatten the curve
  const ys = [...own, ...limits.map((l) => l.bound).filter((b) => Math.abs(b) <= reach)];
  let [y0, y1] = [Math.min(...ys), Math.max(...ys)];
  const logY = logX && y0 > 0 && y1 / y0 >= 30;
  if (logY) { y0 /= 1.2; y1 *= 1.5; }
  else if (y0 === y1) { y0 -= Math.abs(y0) * 0.1 || 1; y1 += Math.abs(y1) * 0.1 || 1; }
  else { if (y0 > 0 && y0 < 0.5 * y1) y0 = 0; y1 += (y1 - y0) * 0.06; }
  const labels = ticks(y0, y1, logY, 5);
  const left = 14 + 7 * Math.max(1, ...labels.map((v) => shown(v).length));
  const box = { left, right: width - 18, top: 34, bottom: height - 44 };
  const share = (v, a, b, log) => (a === b ? 0.5 : log ? Math.log(v / a) / Math.log(b / a) : (v - a) / (b - a));
  const frame = {
    box, y0, y1,
    sx: (x) => box.left + share(x, x0, x1, logX) * (box.right - box.left),
    sy: (y) => box.bottom - share(y, y0, y1, logY) * (box.bottom - box.top),
  };
  const unit = (text) => (text ? ` (${text})` : "");
  drawn(svg, "text", { x: 10, y: 20, class: "title" }, `${curve.given ? curve.output.name : curve.name}${unit(curve.output.unit)}`);
  drawn(svg, "text", { x: box.right, y: height - 8, "text-anchor": "end", class: "title" }, `${made.name}${unit(made.unit)}`);
  for (const y of labels) {
    drawn(svg, "line", { x1: box.left, x2: box.right, y1: frame.sy(y), y2: frame.sy(y), class: "grid" });
    drawn(svg, "text", { x: box.left - 6, y: frame.sy(y) + 4, "text-anchor": "end" }, shown(y));
  }
  let edge = -Infinity;
  for (const x of x0 === x1 ? [x0] : ticks(x0, x1, logX, Math.max(3, width / 110))) {
    const half = 3.5 * shown(x).length + 6;
    if (frame.sx(x) - half < edge || frame.sx(x) + half > width) continue;
    edge = frame.sx(x) + half;
    drawn(svg, "line", { x1: frame.sx(x), x2: frame.sx(x), y1: box.bottom, y2: box.bottom + 5, class: "grid" });
    drawn(svg, "text", { x: frame.sx(x), y: box.bottom + 18, "text-anchor": "middle" }, shown(x));
  }
  return frame;
}

function ticks(low, high, log, most) {
  const found = [];
  if (log) {
    const decades = Math.log10(high / low);
    const steps = decades > 3 ? [1] : decades > 1.5 ? [1, 3] : [1, 2, 5];
    for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e += 1)
      for (const m of steps) found.push(m * 10 ** e);
    return found.map((v) => Number(v.toPrecision(6))).filter((v) => v >= low * 0.999 && v <= high * 1.001);
  }
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough * (1 - SLACK));
  for (let k = Math.ceil(low / step); k * step <= high * (1 + SLACK) && found.length < 50; k += 1)
    found.push(Number((k * step).toPrecision(9)));
  return found;
}

// marks

function drawn(parent, name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
}

function bound(svg, { box, y0, y1, sy }, limit) {
  if (limit.bound < y0 || limit.bound > y1) return;
  const y = sy(limit.bound);
  drawn(svg, "line", { x1: box.left, x2: box.right, y1: y, y2: y, class: "bound" });
  drawn(svg, "text", { x: box.right - 4, y: y - 5, "text-anchor": "end", class: "bounded" }, `limit: ${limit.words}`);
}

function trace(svg, { sx, sy }, line) {
  let path = "";
  let pen = "M";
  for (const [x, y] of line) {
    if (!Number.isFinite(y)) { pen = "M"; continue; }
    path += `${pen}${sx(x).toFixed(1)} ${sy(y).toFixed(1)}`;
    pen = "L";
  }
  drawn(svg, "path", { d: path, class: "curve" });
  if (line.length <= 40) for (const [x, y] of finite(line)) drawn(svg, "circle", { cx: sx(x), cy: sy(y), r: 3, class: "dot" });
}

function named(svg, { box, sx, sy }, dots, curve) {
  const taken = [];
  for (const { x, y, name } of dots) {
    if (!Number.isFinite(y) || !Number.isFinite(sx(x))) continue;
    const dot = drawn(svg, "circle", { cx: sx(x), cy: sy(y), r: 6, class: "now" });
    drawn(dot, "title", {}, `${name || "now"}: ${measured(y, curve.output.unit, true)}`);
    if (!name) continue;
    const right = sx(x) + 7 * name.length + 12 > box.right;
    let down = sy(y) + 18;
    while (taken.some((t) => Math.abs(t - down) < 14)) down += 14;
    taken.push(down);
    drawn(svg, "text", { x: sx(x) + (right ? -9 : 9), y: down, "text-anchor": right ? "end" : "start", class: "member" }, name);
  }
}

// the same in words and as a table

function tell(made, curve) {
  const points = made.lines[0];
  const good = finite(points);
  const told = (x, y) => `${measured(y, curve.output.unit, true)} at ${measured(x, made.unit, true)}`;
  const what = curve.given ? curve.name : `${curve.name} along ${made.name}`;
  const rings = made.dots.map((d) => `${d.name ? `${d.name}: ` : "the ring is where it stands, "}${told(d.x, d.y)}`).join("; ");
  const gaps = points.length - good.length;
  $("chart-said").textContent = good.length
    ? `${what}: ${curve.given ? "" : `${told(...good[0])}, ${told(...good[good.length - 1])}; `}${rings}.${gaps ? ` Undefined at ${gaps} of ${points.length} points.` : ""}`
    : `${what} is undefined everywhere.`;
  $("chart-x").textContent = made.name + (made.unit ? ` (${made.unit})` : "");
  $("chart-y").textContent = curve.output.name + (curve.output.unit ? ` (${curve.output.unit})` : "");
  $("chart-caption").textContent = what;
  if (!$("chart-table").open) return;
  const by = Math.ceil(points.length / 25);
  $("chart-rows").replaceChildren(...points.filter((p, n) => n % by === 0 || n === points.length - 1).map((point) => {
    const row = document.createElement("tr");
    for (const value of point) drawnCell(row, shown(value, true));
    return row;
  }));
}

function drawnCell(row, text) {
  const cell = document.createElement("td");
  cell.textContent = text;
  row.append(cell);
}
