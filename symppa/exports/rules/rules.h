static inline double symppa_max(double a, double b) { return a > b || a != a ? a : b; }


static inline double symppa_min(double a, double b) { return a < b || a != a ? a : b; }


static inline double symppa_less(double a, double b) { return a != a || b != b ? NAN : (a < b ? 1.0 : 0.0); }


static inline double symppa_at_most(double a, double b) { return a != a || b != b ? NAN : (a <= b ? 1.0 : 0.0); }


static inline double symppa_equal(double a, double b) { return a != a || b != b ? NAN : (a == b ? 1.0 : 0.0); }


static inline double symppa_where(double c, double a, double b) { return c != c ? NAN : (c != 0.0 ? a : b); }


/* The entry at a key; undefined where no row has it. Keys ascend. */
static inline double symppa_lookup(const double *keys, const double *column, size_t rows, double key) {
  size_t low = 0, high = rows;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (keys[middle] < key) low = middle + 1;
    else high = middle;
  }
  return low < rows && keys[low] == key ? column[low] : NAN;
}


/* 1 + a + ... + a^(n-1), right at a = 1 and near it. */
static inline double symppa_geometric_sum(double a, double n) {
  if (n == 0.0) return 0.0 * a;
  if (a == 1.0) return n;
  if (fabs(a - 1.0) < 0.5) return expm1(n * log1p(a - 1.0)) / (a - 1.0);
  return (pow(a, n) - 1.0) / (a - 1.0);
}


/* (t1^p + t2^p + ...)^(1/p) of so many numbers: p, then the terms. */
static inline double symppa_smooth_largest(int terms, double p, ...) {
  va_list list;
  double top = -INFINITY, sum = 0.0;
  va_start(list, p);
  for (int k = 0; k < terms; k++) {
    const double term = va_arg(list, double);
    top = top > term || top != top ? top : term;
  }
  va_end(list);
  if (top == 0.0 || top == INFINITY || top == -INFINITY) return top;
  va_start(list, p);
  for (int k = 0; k < terms; k++) sum += pow(va_arg(list, double) / top, p);
  va_end(list);
  return top * pow(sum, 1.0 / p);
}


/* Far from 0, where both real branches of Lambert's W begin. */
static inline double symppa_lambert_far(double x) {
  const double once = log(x), twice = log(fabs(once));
  return once - twice + twice / once;
}


/* W near -1/e, in root = sqrt(2 (e x + 1)): Corless et al. 1996, equation 4.22. */
static inline double symppa_lambert_near(double root) {
  static const double c[10] = {-1.0, 1.0, -1.0 / 3, 11.0 / 72, -43.0 / 540, 769.0 / 17280, -221.0 / 8505,
                               680863.0 / 43545600, -1963.0 / 204120, 226287557.0 / 37623398400.0};
  const double at = root < -1.0 ? -1.0 : (root > 1.0 ? 1.0 : root);
  double sum = c[9];
  for (int k = 8; k >= 0; k--) sum = c[k] + sum * at;
  return sum;
}


/* The real branch 0 or -1 of the inverse of w exp(w); undefined below -1/e. */
static inline double symppa_lambert_w(double x, int branch) {
  const double beyond = 2.0 * 2.718281828459045 * (x + 0.36787944117144233 - 1.2428753672788363e-17);
  const double root = (branch == -1 ? -1.0 : 1.0) * sqrt(beyond > 0.0 ? beyond : 0.0);
  const double near = symppa_lambert_near(root);
  if (x != x || x < -0.36787944117144233 || (branch == -1 && x >= 0.0)) return NAN;
  if (fabs(root) < 0.05) return near;
  if (x == INFINITY) return INFINITY;
  if (branch == -1) {
    double w = root > -1.0 ? near : symppa_lambert_far(-x);
    for (int k = 0; k < 3; k++) {
      const double off = log(x / w) - w, step = 2.0 * (1.0 + w) * (1.0 + w + 2.0 * off / 3.0);
      w = w * (1.0 + off / (1.0 + w) * (step - off) / (step - 2.0 * off));
    }
    return w;
  }
  const double once = log1p(x);
  double w = x < -0.25 ? near : (x > 3.0 ? symppa_lambert_far(x) : once * (1.0 - log1p(once) / (2.0 + once)));
  for (int k = 0; k < 3; k++) {
    const double grown = exp(w), off = w * grown - x;
    w = w - off / (grown * (w + 1.0) - (w + 2.0) * off / (2.0 * w + 2.0));
  }
  return w;
}


/* A product of lengths; beyond what can be counted it stays the largest count. */
static inline size_t symppa_times(size_t a, size_t b) { return b != 0 && a > (size_t)-1 / b ? (size_t)-1 : a * b; }


/* Room for so many numbers, NULL where there is none. */
static inline double *symppa_new(size_t length) {
  return length > (size_t)-1 / (2 * sizeof(double)) ? NULL : (double *)malloc(length * sizeof(double));
}


/* Such room, remembered in work so that it can be freed. */
static inline double *symppa_room(double **work, size_t *used, size_t length) {
  double *const made = symppa_new(length);
  if (made != NULL) work[(*used)++] = made;
  return made;
}


/* 1 where a value was not told, 2 where it lies outside its domain: two ends, and steps from the lower one if any. */
static inline int symppa_refused(double value, double low, double high, double step) {
  const double steps = step > 0.0 ? (low > -INFINITY ? value - low : value) / step : 0.0;
  if (value != value) return 1;
  return value < low || value > high || fabs(steps - rint(steps)) > 1e-9 ? 2 : 0;
}


/* The same for a whole number. */
static inline int symppa_no_whole(double value, double low, double high) {
  const int code = symppa_refused(value, low, high, 0.0);
  return code == 0 && value != floor(value) ? 2 : code;
}


/* The same for one of several values. */
static inline int symppa_no_choice(double value, const double *choices, size_t many) {
  if (value != value) return 1;
  for (size_t k = 0; k < many; k++) {
    if (choices[k] == value) return 0;
  }
  return 2;
}


/* The larger size of two: what is undefined sizes nothing; -1 where a size is no whole number. */
static inline double symppa_size(double known, double size) {
  if (size != size || known < 0.0) return known;
  if (size < 0.0 || size >= 2147483648.0 || size != floor(size)) return -1.0;
  return size > known ? size : known;
}
