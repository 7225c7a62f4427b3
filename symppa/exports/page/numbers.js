// Numbers as people read and write them. No state: what a field may be comes with it.

const NUMBER = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*)$/;
const SLACK = 1e-9;

// numbers as people read them

function shown(value, count) {
  if (Number.isNaN(value)) return "undefined";
  if (!Number.isFinite(value)) return value > 0 ? "infinite" : "-infinite";
  if (value === 0 || (count && Number.isInteger(value) && Math.abs(value) < 1e12)) return String(value);
  const exponent = Math.floor(Math.log10(Math.abs(Number(value.toExponential(3)))));
  if (exponent < -3 || exponent > 6) return value.toExponential(3).replace(/\.?0+e/, "e").replace("e+", "e");
  return String(Number(value.toPrecision(4)));
}

const measured = (value, unit, count) => (unit ? `${shown(value, count)} ${unit}` : shown(value, count));

// what was typed

const plainUnit = (text) =>
  text.trim().replace(/²/g, "2").replace(/³/g, "3").replace(/[µμ]/g, "u").replace(/·/g, "*").replace(/Ω/g, "ohm")
    .replace(/%/g, "percent").replace(/\*\*|\^/g, "").replace(/\s+/g, "");

function read(text, f, units) {
  const found = NUMBER.exec(text.trim().replace(/^[−]/, "-"));
  if (!text.trim()) return { error: `A number is due${f.shown ? `, in ${f.shown}` : ""}.` };
  if (!found) return { error: `“${text.trim()}” is no number${f.shown ? ` with a unit such as ${f.shown}` : ""}.` };
  const number = Number(found[1]);
  const typed = plainUnit(found[2]);
  let factor = 1;
  let zero = 0; // a temperature in degrees Celsius starts elsewhere
  if (/^(degC|°C)$/.test(typed) && units[f.unit].K) {
    factor = units[f.unit].K;
    zero = 273.15;
  } else if (typed) {
    const known = Object.entries(units[f.unit]);
    const unit = known.find(([name]) => plainUnit(name) === typed);
    if (!unit) {
      const names = known.map(([name]) => plainUnit(name)).filter((name) => name !== "1").slice(0, 5);
      return { error: names.length ? `“${found[2]}” does not measure this: write ${names.join(", ")}.` : `“${found[2]}” is due nowhere: this is a pure number.` };
    }
    factor = unit[1];
  }
  const value = factor === 1 ? number + zero : (number + zero) * factor;
  if (!Number.isFinite(value)) return { error: "That is too large a number." };
  return outside(value, f) || { value };
}

function outside(value, f) {
  const unit = f.shown ? ` ${f.shown}` : "";
  const said = `${Number(value.toPrecision(10))}${unit}`;
  if (f.choices && !f.choices.some((c) => Math.abs(c - value) <= SLACK * Math.abs(c)))
    return { error: `${said} is none of ${f.choices.map((c) => Number(c.toPrecision(10))).join(", ")}${unit}.` };
  if (f.kind === "integers" && !Number.isInteger(value)) return { error: `${said} is no whole number.` };
  if (f.low !== undefined && value < f.low) return { error: `${said} is below the least, ${f.low}${unit}.` };
  if (f.high !== undefined && value > f.high) return { error: `${said} is above the most, ${f.high}${unit}.` };
  if (f.step && f.kind !== "integers") {
    const steps = (value - (f.low ?? 0)) / f.step;
    if (Math.abs(steps - Math.round(steps)) > SLACK)
      return { error: `${said} is not in steps of ${f.step}${unit}${f.low !== undefined ? ` from ${f.low}${unit}` : ""}.` };
  }
  return null;
}

// the stops of a slider, and of a chart's axis

const neat = (value) => Number(value.toPrecision(3));

function stops(range) {
  if (range.choices) return range.choices;
  const found = [];
  if (range.step) {
    const count = Math.floor((range.high - range.low) / range.step + SLACK);
    const by = Math.max(1, Math.ceil(count / 2000));
    for (let k = 0; k <= count; k += by) found.push(Number((range.low + k * range.step).toPrecision(12)));
    return found;
  }
  for (let k = 0; k <= 200; k += 1) {
    const share = k / 200;
    const value = range.log ? range.low * (range.high / range.low) ** share : range.low + (range.high - range.low) * share;
    found.push(k === 0 ? range.low : k === 200 ? range.high : neat(value));
  }
  return found.filter((value, k) => k === 0 || value > found[k - 1]);
}

const nearest = (list, value) =>
  list.reduce((best, stop, k) => (Math.abs(stop - value) < Math.abs(list[best] - value) ? k : best), 0);
