// The rows of `all`, codes one after the other, that are nearest to a code: so many at most, the nearest first.
export function nearestRows(all, code, many) {
  const n = code.length;
  const distances = new Float64Array(all.length / n);
  for (let i = 0; i < distances.length; i++) {
    for (let j = 0; j < n; j++) distances[i] += (all[i * n + j] - code[j]) ** 2;
  }
  const near = [];
  for (let i = 0; i < distances.length; i++) {
    if (near.length === many && distances[i] >= distances[near.at(-1)]) continue;
    const at = near.findIndex((other) => distances[i] < distances[other]);
    near.splice(at < 0 ? near.length : at, 0, i);
    near.length = Math.min(near.length, many);
  }
  return near;
}
