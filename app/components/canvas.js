// Strokes, and nothing but strokes: points in shares of the side, x to the right and y down. Python makes of them what
// a model sees (vaecore/serving/drawings.py); the ink here is for the eye alone.
const SIDE = 560; // of the bitmap: twice its largest size on the screen, where the lines stay sharp
const PEN = 0.08; // of the side
const pads = new WeakMap();

class Pad {
  constructor(root, strokes) {
    this.root = root;
    this.canvas = root.querySelector("canvas");
    this.canvas.width = this.canvas.height = SIDE;
    this.ink = this.canvas.getContext("2d");
    this.ink.lineCap = this.ink.lineJoin = "round";
    this.ink.strokeStyle = "#fff";
    this.ink.lineWidth = PEN * SIDE;
    this.strokes = strokes;
    this.pointer = null; // the finger that draws: another one on the canvas does not
    this.canvas.onpointerdown = (event) => this.begin(event);
    this.canvas.onpointermove = (event) => this.extend(event);
    this.canvas.onpointerup = (event) => this.end(event, true);
    this.canvas.onpointercancel = (event) => this.end(event, false);
    root.querySelector(".undo").onclick = () => this.change(this.strokes.slice(0, -1));
    root.querySelector(".clear").onclick = () => this.change([]);
    this.show();
    root.dataset.ready = "true";
  }

  begin(event) {
    if (this.pointer !== null || event.button !== 0) return;
    this.pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.stroke = [this.place(event)];
    this.show();
  }

  extend(event) {
    if (event.pointerId !== this.pointer) return;
    const passed = event.getCoalescedEvents?.() ?? [];
    this.stroke.push(...(passed.length ? passed : [event]).map((each) => this.place(each)));
    this.show();
  }

  end(event, meant) {
    if (event.pointerId !== this.pointer) return;
    this.pointer = null;
    if (meant) this.change([...this.strokes, this.stroke]);
    else this.show(); // the system took the pointer away: what it drew was no stroke
  }

  change(strokes) {
    this.strokes = strokes;
    this.show();
    this.send(strokes);
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    const share = (at, from, size) => Math.min(1, Math.max(0, (at - from) / size));
    return [share(event.clientX, box.left, box.width), share(event.clientY, box.top, box.height)];
  }

  show() {
    this.ink.clearRect(0, 0, SIDE, SIDE);
    const strokes = this.pointer === null ? this.strokes : [...this.strokes, this.stroke];
    for (const stroke of strokes) {
      this.ink.beginPath();
      for (const [x, y] of [stroke[0], ...stroke]) this.ink.lineTo(x * SIDE, y * SIDE); // twice: one point is a dot
      this.ink.stroke();
    }
    const count = this.strokes.length;
    this.root.querySelector(".hint").hidden = strokes.length > 0;
    this.root.querySelector(".said").textContent = count === 1 ? "1 stroke" : `${count} strokes`;
  }
}

export default function ({ data, parentElement, setStateValue }) {
  let pad = pads.get(parentElement);
  if (!pad) {
    // Once: what Python knows is later than nothing that was drawn since.
    pad = new Pad(parentElement.querySelector(".pad"), data.strokes);
    pads.set(parentElement, pad);
  }
  pad.send = (strokes) => setStateValue("strokes", strokes);
  pad.canvas.setAttribute("aria-label", data.label);
  pad.root.querySelector(".hint").textContent = data.label;
  return () => pads.delete(parentElement);
}
