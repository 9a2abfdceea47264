// As Explorer.interpolate has them, at a share of the way.
export const BENT = {
  linear: (a, b, t) => a.map((value, i) => (1 - t) * value + t * b[i]),
  spherical(a, b, t) {
    const [la, lb] = [Math.hypot(...a), Math.hypot(...b)];
    const inner = a.reduce((sum, value, i) => sum + value * b[i], 0);
    const angle = Math.acos(Math.min(1, Math.max(-1, inner / (la * lb))));
    if (!(Math.sin(angle) >= 1e-6)) return BENT.linear(a, b, t); // no plane to turn in
    const [own, other] = [Math.sin((1 - t) * angle) / la, Math.sin(t * angle) / lb];
    const length = (1 - t) * la + t * lb;
    return a.map((value, i) => (length * (own * value + other * b[i])) / Math.sin(angle));
  },
};

// The real codes around a path, as vaecore.serving.company has it; every so many of its places is a step.
export function company(line, every, { points, count }, { radius, usual }) {
  const found = { density: [], nearest: [], distances: [], neighbours: [] };
  const near = radius * radius;
  line.forEach(([x, y], place) => {
    let [sum, nearest, least, neighbours] = [0, -1, Infinity, 0];
    for (let i = 0; i < count; i++) {
      const apart = (points[2 * i] - x) ** 2 + (points[2 * i + 1] - y) ** 2;
      sum += Math.exp((-2 * apart) / near); // the radius is two deviations
      neighbours += apart <= near;
      if (apart < least) [nearest, least] = [i, apart];
    }
    found.density.push(sum / usual);
    if (place % every) return;
    found.nearest.push(nearest);
    found.distances.push(Math.sqrt(least));
    found.neighbours.push(neighbours);
  });
  return found;
}
