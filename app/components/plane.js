// Points on a plane, both axes with one scale: which part of it a square canvas shows, and the points drawn there.
const MARGIN = 0.06; // of the side, around 99 % of the points

class Plane {
  constructor(points) {
    this.points = points; // x and y by turns
    this.count = points.length / 2;
    this.fit([]);
  }

  // Shows the middle 99 % of the points on both axes, for one outlier must not shrink all others, and all places given.
  fit(places) {
    const ends = [0, 1].map((axis) => {
      const values = Float32Array.from({ length: this.count }, (_, i) => this.points[2 * i + axis]).sort();
      const known = [values[Math.floor(0.005 * (this.count - 1))], values[Math.ceil(0.995 * (this.count - 1))]];
      const all = [...known, ...places.map((place) => place[axis])];
      return [Math.min(...all), Math.max(...all)];
    });
    this.center = ends.map(([low, high]) => (low + high) / 2);
    this.span = Math.max(...ends.map(([low, high]) => high - low), 1e-6) * (1 + 2 * MARGIN); // over the canvas's side
  }

  toScreen([x, y]) {
    const scale = this.side / this.span;
    return [this.side / 2 + (x - this.center[0]) * scale, this.side / 2 - (y - this.center[1]) * scale];
  }

  toPlane([left, top]) {
    const scale = this.span / this.side;
    return [this.center[0] + (left - this.side / 2) * scale, this.center[1] - (top - this.side / 2) * scale];
  }

  place(i) {
    return [this.points[2 * i], this.points[2 * i + 1]];
  }

  nearest([x, y]) {
    let [found, least] = [-1, Infinity];
    for (let i = 0; i < this.count; i++) {
      const distance = (this.points[2 * i] - x) ** 2 + (this.points[2 * i + 1] - y) ** 2;
      if (distance < least) [found, least] = [i, distance];
    }
    return found;
  }

  // The nearest point in a direction, within 45 degrees of it; -1 where there is none.
  beside(from, [dx, dy]) {
    const [x, y] = this.place(from);
    let [found, least] = [-1, Infinity];
    for (let i = 0; i < this.count; i++) {
      const [across, up] = [this.points[2 * i] - x, this.points[2 * i + 1] - y];
      const [along, aside] = [across * dx + up * dy, Math.abs(across * dy - up * dx)];
      if (along > 0 && aside <= along && along + aside < least) [found, least] = [i, along + aside];
    }
    return found;
  }

  // A canvas's pen in the pixels of the page, the canvas wiped.
  pen(canvas) {
    this.side = canvas.clientWidth;
    const side = Math.round(this.side * devicePixelRatio);
    if (canvas.width !== side) canvas.width = canvas.height = side;
    const pen = canvas.getContext("2d");
    pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    pen.clearRect(0, 0, this.side, this.side);
    return pen;
  }

  dots(pen, labels, colors) {
    pen.globalAlpha = 0.55;
    for (let i = 0; i < this.count; i++) {
      pen.fillStyle = colors[(labels?.[i] ?? 0) % colors.length];
      pen.beginPath();
      pen.arc(...this.toScreen(this.place(i)), this.count > 1000 ? 2 : 3, 0, 7);
      pen.fill();
    }
    pen.globalAlpha = 1;
  }

  axes(pen, [across, up], color) {
    [pen.font, pen.fillStyle, pen.textBaseline, pen.globalAlpha] = ["12px sans-serif", color, "alphabetic", 0.7];
    pen.textAlign = "right";
    pen.fillText(`${across} \u2192`, this.side - 8, this.side - 8);
    pen.textAlign = "left";
    pen.fillText(`\u2191 ${up}`, 8, 18);
    pen.globalAlpha = 1;
  }

  // Each class's name at the median of its points, so that the eye need not travel to a legend.
  names(pen, labels, names, colors, inks) {
    [pen.font, pen.textAlign, pen.textBaseline] = ["bold 12px sans-serif", "center", "middle"];
    names.forEach((name, label) => {
      const own = labels.flatMap((each, i) => (each === label ? [this.place(i)] : []));
      if (!own.length) return;
      const middle = [0, 1].map((axis) => own.map((place) => place[axis]).sort((a, b) => a - b)[own.length >> 1]);
      const wide = pen.measureText(name).width + 8, [left, y] = this.toScreen(middle);
      const x = Math.min(this.side - wide / 2, Math.max(wide / 2, left));
      [pen.fillStyle, pen.globalAlpha] = [colors[label % colors.length], 0.85];
      pen.fillRect(x - wide / 2, y - 8, wide, 16);
      [pen.fillStyle, pen.globalAlpha] = [inks[label % inks.length], 1];
      pen.fillText(name, x, y);
    });
  }
}
