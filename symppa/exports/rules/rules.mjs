function less(a, b) {
  return a !== a || b !== b ? NaN : a < b ? 1 : 0;
}


function atMost(a, b) {
  return a !== a || b !== b ? NaN : a <= b ? 1 : 0;
}


function equal(a, b) {
  return a !== a || b !== b ? NaN : a === b ? 1 : 0;
}


function where(condition, then, otherwise) {
  return condition !== condition ? NaN : condition !== 0 ? then : otherwise;
}


// The entry at a key; undefined where no row has it. Keys ascend.
function lookup(keys, column, key) {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle] < key) low = middle + 1;
    else high = middle;
  }
  return low < keys.length && keys[low] === key ? column[low] : NaN;
}


// 1 + a + ... + a^(n-1), right at a = 1 and near it.
function geometricSum(a, n) {
  if (n === 0) return 0 * a;
  if (a === 1) return n;
  if (Math.abs(a - 1) < 0.5) return Math.expm1(n * Math.log1p(a - 1)) / (a - 1);
  return (Math.pow(a, n) - 1) / (a - 1);
}


// (t1^p + t2^p + ...)^(1/p), scaled so that it neither over- nor underflows.
function smoothLargest(p, ...terms) {
  const top = Math.max(...terms);
  if (top === 0 || top === Infinity || top === -Infinity) return top;
  return top * Math.pow(terms.reduce((sum, term) => sum + Math.pow(term / top, p), 0), 1 / p);
}


// W near -1/e, in root = sqrt(2 (e x + 1)): Corless et al. 1996, equation 4.22.
const LAMBERT_NEAR = [
  -1, 1, -1 / 3, 11 / 72, -43 / 540, 769 / 17280, -221 / 8505, 680863 / 43545600, -1963 / 204120,
  226287557 / 37623398400,
];


// Far from 0, where both real branches of Lambert's W begin.
function lambertFar(x) {
  const once = Math.log(x);
  const twice = Math.log(Math.abs(once));
  return once - twice + twice / once;
}


// The real branch 0 or -1 of the inverse of w exp(w); undefined below -1/e.
function lambertW(x, branch) {
  if (x !== x || x < -0.36787944117144233 || (branch === -1 && x >= 0)) return NaN;
  if (x === Infinity) return Infinity;
  const beyond = 2 * Math.E * (x + 0.36787944117144233 - 1.2428753672788363e-17);
  const root = (branch === -1 ? -1 : 1) * Math.sqrt(Math.max(beyond, 0));
  const near = LAMBERT_NEAR.reduceRight((sum, c) => c + sum * Math.min(Math.max(root, -1), 1), 0);
  if (Math.abs(root) < 0.05) return near;
  if (branch === -1) {
    let w = root > -1 ? near : lambertFar(-x);
    for (let k = 0; k < 3; k++) {
      const off = Math.log(x / w) - w;
      const step = 2 * (1 + w) * (1 + w + (2 * off) / 3);
      w = w * (1 + ((off / (1 + w)) * (step - off)) / (step - 2 * off));
    }
    return w;
  }
  const once = Math.log1p(x);
  let w = x < -0.25 ? near : x > 3 ? lambertFar(x) : once * (1 - Math.log1p(once) / (2 + once));
  for (let k = 0; k < 3; k++) {
    const grown = Math.exp(w);
    const off = w * grown - x;
    w = w - off / (grown * (w + 1) - ((w + 2) * off) / (2 * w + 2));
  }
  return w;
}


/**
 * Why a given cannot have a value, in words; empty where it can. Undefined numbers pass.
 * @param {object} given one of `givens`
 * @param {number|string} value a number in the given's unit, or a label
 * @param {string[]|null} [labels] those to choose from, where they are not the given's own
 * @returns {string}
 */
export function refusal(given, value, labels = given.labels) {
  if (given.kind === "label") {
    if (typeof value === "string" && labels) {
      return labels.includes(value) ? "" : `${value} is no choice; choose ${labels.join(", ")}`;
    }
    const last = labels ? labels.length : Infinity;
    return Number.isInteger(value) && value >= 0 && value < last ? "" : `${value} is no choice`;
  }
  if (typeof value !== "number") return `${value} is no number`;
  const unit = given.unit === "1" ? "" : ` ${given.unit}`;
  if (given.kind === "choices" && !given.choices.includes(value) && value === value) {
    return `${value}${unit} is none of ${given.choices.join(", ")}${unit}`;
  }
  if (given.low !== null && value < given.low) return `${value}${unit} is below ${given.low}${unit}`;
  if (given.high !== null && value > given.high) return `${value}${unit} is above ${given.high}${unit}`;
  if (given.kind === "integers" && value % 1 !== 0 && Number.isFinite(value)) return `${value} is no whole number`;
  if (given.step !== null && value === value) {
    const steps = (value - given.low) / given.step;
    if (Math.abs(steps - Math.round(steps)) > 1e-9) {
      return `${value}${unit} is not on the steps of ${given.step}${unit} from ${given.low}${unit}`;
    }
  }
  return "";
}


// A value that was told, or else the one that comes along.
function told(values, name, fallback) {
  const value = Object.hasOwn(values, name) ? values[name] : fallback;
  if (value === undefined || value === null) throw new RangeError(`${name} has no value`);
  return value;
}


// One number of a given, checked; a label counts from 0.
function checked(given, value, labels = given.labels) {
  const why = refusal(given, value, labels);
  if (why) throw new RangeError(`${given.name}: ${why}`);
  return typeof value === "string" ? labels.indexOf(value) : value;
}


// A given that is one number, in its own unit.
function number(values, given, labels = given.labels) {
  return checked(given, told(values, given.name, given.value), labels);
}


// A set: its labels where they are told, and its length, as it is told or as the vectors over it have it.
function membersOf(values, set, givens) {
  const found = memberList(Object.hasOwn(values, set.name) ? values[set.name] : set.labels, values, set, givens);
  if (!set.sized && !found.length) {
    throw new RangeError(`the set ${set.name} (${set.meaning}) has no members: give it labels or a size`);
  }
  return found;
}


function memberList(stated, values, set, givens) {
  if (isRow(stated)) return { labels: Array.from(stated, String), length: stated.length };
  if (Number.isInteger(stated) && stated >= 0) return { labels: null, length: stated };
  for (const given of givens.filter((one) => one.sets.includes(set.name))) {
    let found = Object.hasOwn(values, given.name) ? values[given.name] : given.value;
    for (let k = given.sets.indexOf(set.name); k > 0 && found; k--) found = Object.values(found)[0];
    if (isRow(found)) return { labels: null, length: found.length };
    if (found && typeof found === "object") return { labels: Object.keys(found), length: Object.keys(found).length };
  }
  return { labels: null, length: set.length };
}


function isRow(value) {
  return Array.isArray(value) || ArrayBuffer.isView(value);
}


// A given over sets: its numbers in one row, the last set fastest. One number stands for every member.
function vector(values, given, sets, labels = given.labels) {
  const found = [];
  const walk = (value, depth) => {
    if (depth === sets.length) return void found.push(checked(given, value, labels));
    const { labels: names, length } = sets[depth];
    let row = value;
    if (row && typeof row === "object" && !isRow(row)) {
      const odd = Object.keys(row).find((label) => !names || !names.includes(label));
      if (odd !== undefined) throw new RangeError(`${given.name}: ${given.sets[depth]} has no member ${odd}`);
      row = names.map((label) => row[label]);
    }
    if (!isRow(row)) row = new Array(length).fill(row);
    if (row.length !== length) {
      throw new RangeError(`${given.name} has ${row.length} values along ${given.sets[depth]}, which has ${length}`);
    }
    for (const one of row) walk(one, depth + 1);
  };
  walk(told(values, given.name, given.value), 0);
  return Float64Array.from(found);
}


// A table by columns, keys ascending, each column in its own unit.
function rowsOf(values, table) {
  const rows = told(values, table.name, table.rows);
  const keys = Object.keys(rows).map(Number).sort((a, b) => a - b);
  const found = { keys };
  for (const { name } of table.columns) {
    found[name] = keys.map((key) => {
      const entry = rows[key][name];
      if (typeof entry !== "number") throw new RangeError(`${table.name} has no ${name} at ${key}`);
      return entry;
    });
  }
  return found;
}


// The members of a set with a size: the largest size there is, or as many as vectors bring; 1 where nothing is read.
function extent(name, length, sizes) {
  const needed = sizes.reduce((most, size) => (size > most ? size : most), 0);
  const odd = sizes.find((size) => size < 0 || size >= 2 ** 31 || (size === size && size % 1 !== 0));
  if (odd !== undefined) throw new RangeError(`${name} would have ${odd} members; a size is a whole number`);
  if (length !== null && length < needed) throw new RangeError(`${name} has ${length} members, ${needed} are needed`);
  return Math.max(length ?? needed, 1);
}


// Numbers in one row as nested lists, one level for every set.
function nested(numbers, lengths) {
  if (lengths.length === 1) return Array.from(numbers);
  const size = numbers.length / lengths[0];
  return Array.from({ length: lengths[0] }, (_, k) =>
    nested(numbers.slice(k * size, (k + 1) * size), lengths.slice(1)),
  );
}


// Refuses names that nobody knows.
function refuseUnknown(values, known) {
  const odd = Object.keys(values).find((name) => !known.some((one) => one.name === name));
  if (odd !== undefined) throw new RangeError(`there is no given ${odd}`);
}
