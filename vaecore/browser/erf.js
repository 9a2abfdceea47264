/**
 * The error function, within 1.5e-7: Abramowitz & Stegun 1964, equation 7.1.26.
 *
 * @param {number} v
 */
export function erf(v) {
  const t = 1 / (1 + 0.3275911 * Math.abs(v));
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const size = 1 - series * Math.exp(-v * v);
  return v < 0 ? -size : size;
}
