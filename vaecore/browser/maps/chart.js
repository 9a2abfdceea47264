import { Plane } from "../plane.js";

// One map: its points, in a figure of their own.
export class Chart extends Plane {
  constructor(points, title) {
    super(points);
    this.title = title;
    this.figure = document.createElement("figure");
    this.figure.innerHTML = `<figcaption></figcaption><div class="plane"><canvas></canvas><canvas class="over"></canvas></div><dl></dl>`;
    this.figure.querySelector("figcaption").textContent = title;
    [this.base, this.over] = this.figure.querySelectorAll("canvas");
    this.over.tabIndex = 0;
    this.over.setAttribute("role", "application");
    this.over.setAttribute("aria-label", `${title}: arrow keys walk over it, Enter selects the nearest image`);
  }

  tell(facts) {
    const parts = facts.flatMap((pair) =>
      pair.map((text, i) => Object.assign(document.createElement(i ? "dd" : "dt"), { textContent: text })),
    );
    this.figure.querySelector("dl").replaceChildren(...parts);
  }

  zoom(factor, left = this.side / 2, top = this.side / 2) {
    const [x, y] = this.toPlane(left, top);
    this.show([x + (this.center[0] - x) / factor, y + (this.center[1] - y) / factor], this.span / factor);
  }
}

export function ring(pen, x, y, radius, color) {
  pen.strokeStyle = color;
  pen.beginPath();
  pen.arc(x, y, radius, 0, 7);
  pen.stroke();
}
