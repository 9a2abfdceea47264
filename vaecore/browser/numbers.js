// A value, or the nearer end of a range that it lies outside of.
export function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}
