import { one } from "./dom.js";

/**
 * A part of a page. Python sends it data, as often as it likes; it tells Python of each gesture, which is a turn and has
 * a number. What Python sends says of which turn it knows: of an earlier one than the last, it is outdated.
 *
 * @template {object} Data
 */
export class Component {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    /** @type {Data | null} What Python sent last, some of which may still be on its way. */
    this.asked = null;
    /** @type {Data | null} What is shown. */
    this.shown = null;
    /** @type {number | null} The number of the last gesture. */
    this.turn = null;
    /** @type {(name: string, value: unknown) => void} */
    this.send = () => {};
  }

  get data() {
    if (!this.shown) throw new Error("nothing has been sent yet");
    return this.shown;
  }

  /** @param {string} selector */
  find(selector) {
    return one(this.root, selector, HTMLElement);
  }

  /** @param {string} selector */
  canvas(selector) {
    return one(this.root, selector, HTMLCanvasElement);
  }

  /**
   * Take what Python sent.
   *
   * @param {Data} data
   */
  receive(data) {
    this.asked = data;
    this.turn ??= turnOf(data);
    return this.update(data);
  }

  /**
   * Show data, once all of it has come, unless it `isReplaced` by then.
   *
   * @param {Data} data
   * @returns {Promise<void>}
   */
  async update(data) {
    this.shown = data;
  }

  /**
   * Whether Python has sent something else since.
   *
   * @param {Data} data
   */
  isReplaced(data) {
    return this.asked !== data;
  }

  /**
   * Whether Python did not know of the last gesture when it sent this.
   *
   * @param {Data} data
   */
  isOutdated(data) {
    return turnOf(data) < (this.turn ?? 0);
  }

  /**
   * Tell Python of a gesture.
   *
   * @param {string} name
   * @param {object} said
   */
  tell(name, said) {
    this.turn = (this.turn ?? 0) + 1;
    this.send(name, { ...said, turn: this.turn });
  }

  /** The part leaves the page. */
  leave() {}
}

/**
 * The turn that Python knew of when it sent data; components of which it hears nothing have none.
 *
 * @param {object} data
 */
const turnOf = (data) => ("turn" in data && typeof data.turn === "number" ? data.turn : 0);

/** @type {WeakMap<Node, Component<any>>} */
const MOUNTED = new WeakMap();

/**
 * What Streamlit calls to show a component, at first and whenever its data changes; returns what it calls at the end.
 *
 * @template {object} Data
 * @param {string} selector - Of the component's root.
 * @param {new (root: HTMLElement) => Component<Data>} Kind
 */
export function mounting(selector, Kind) {
  /** @param {{ data: Data, parentElement: HTMLElement | ShadowRoot, setStateValue: Component<Data>["send"] }} given */
  return ({ data, parentElement, setStateValue }) => {
    const mounted = MOUNTED.get(parentElement) ?? new Kind(one(parentElement, selector, HTMLElement));
    MOUNTED.set(parentElement, mounted);
    mounted.send = setStateValue;
    mounted.receive(data);
    return () => {
      MOUNTED.delete(parentElement);
      mounted.leave();
    };
  };
}
