/** @file Before and after in one frame, with a line to drag between them. */

// Of the height of the window, so that the controls stay in sight.
const TALLEST = 0.66;
// Narrower pictures have no room for words.
const NARROW = 240;
const IDS = ["frame", "scroller", "stage", "handle", "before", "after", "zoom"];
const STEPS = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -10,
  PageUp: 10,
  Home: -100,
  End: 100,
};

/** The frame with the two pictures, the line and the zoom. */
export class CompareView {
  /** @param {Document} page Where the elements of `index.html` are. */
  constructor(page) {
    for (const id of IDS) this[id] = page.getElementById(id);
    this.tags = page.querySelectorAll(".tag");
    this.size = { width: 1, height: 1 };
    this.percent = 50;
    this.zoomed = false;
    this.handle.addEventListener("keydown", (event) => this.#press(event));
    this.frame.addEventListener("pointerdown", (event) => this.#grab(event));
    this.frame.addEventListener("dblclick", (event) => this.#toggle(event));
    this.zoom.addEventListener("click", () => this.#toggle());
    this.scroller.addEventListener("scroll", () => this.#place());
    new ResizeObserver(() => this.layout()).observe(this.frame.parentElement);
    window.addEventListener("resize", () => this.layout());
  }

  /**
   * Shows a photo, not restored yet.
   *
   * @param {string} address
   * @param {{width: number, height: number}} size
   */
  showBefore(address, size) {
    this.size = size;
    this.before.src = address;
    this.after.removeAttribute("src");
    this.#zoomTo(false);
    this.frame.classList.remove("compared");
  }

  /**
   * Shows the restored photo beside it.
   *
   * @param {?string} address null for the photo before alone.
   */
  showAfter(address) {
    this.frame.classList.toggle("compared", address !== null);
    if (address === null) {
      this.after.removeAttribute("src");
    } else {
      this.after.src = address;
      this.setPercent(50);
    }
  }

  /**
   * Moves the line.
   *
   * @param {number} percent From the left border.
   */
  setPercent(percent) {
    this.percent = Math.min(100, Math.max(0, percent));
    const before = Math.round(this.percent);
    this.handle.setAttribute("aria-valuenow", before);
    this.handle.setAttribute(
      "aria-valuetext",
      `${before} % before, ${100 - before} % after`,
    );
    this.#place();
  }

  /** Fits everything to the width that there is. */
  layout() {
    const room = this.frame.parentElement.clientWidth;
    if (!room) return;
    const { width, height } = this.size;
    const tallest = Math.max(200, window.innerHeight * TALLEST);
    const fit = Math.min(room / width, tallest / height, 1);
    const actual = 1 / window.devicePixelRatio;
    const scale = this.zoomed ? actual : fit;
    this.stage.style.width = `${width * scale}px`;
    this.stage.style.height = `${height * scale}px`;
    this.frame.style.height = `${Math.min(height * scale, tallest)}px`;
    this.zoom.disabled = !this.zoomed && fit >= actual;
    this.#place();
  }

  /** Left border and width of what is seen of the pictures. */
  get #visible() {
    const left = Math.max(0, this.stage.offsetLeft);
    const width = Math.min(this.stage.offsetWidth, this.scroller.clientWidth);
    return { left, width };
  }

  #place() {
    const { left, width } = this.#visible;
    const at = left + (width * this.percent) / 100;
    this.handle.style.left = `${at}px`;
    const [before, after] = this.tags;
    before.style.left = `${left + 10}px`;
    after.style.right = `${this.frame.clientWidth - left - width + 10}px`;
    this.frame.classList.toggle("narrow", width < NARROW);
    const onStage = at - this.stage.offsetLeft + this.scroller.scrollLeft;
    this.stage.style.setProperty("--line-at", `${onStage}px`);
  }

  #press(event) {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    this.setPercent(this.percent + step);
  }

  /** Moves the line, or zoomed in with a mouse the pictures. */
  #grab(event) {
    if (event.button) return;
    const onHandle = event.target === this.handle;
    if (this.zoomed && !onHandle) {
      // A finger scrolls by itself.
      if (event.pointerType === "mouse") this.#follow(event, this.#pan(event));
      return;
    }
    if (!this.frame.classList.contains("compared")) return;
    const move = ({ clientX }) => {
      const { left, width } = this.#visible;
      const x = clientX - this.frame.getBoundingClientRect().left - left;
      this.setPercent((100 * x) / width);
    };
    this.#follow(event, move);
    this.handle.focus({ preventScroll: true });
    move(event);
  }

  #pan({ clientX, clientY }) {
    const x = clientX + this.scroller.scrollLeft;
    const y = clientY + this.scroller.scrollTop;
    return (event) =>
      this.scroller.scrollTo(x - event.clientX, y - event.clientY);
  }

  /** Calls a function with every move until the pointer is let go. */
  #follow(event, move) {
    event.preventDefault();
    this.frame.setPointerCapture(event.pointerId);
    this.frame.addEventListener("pointermove", move);
    const drop = () => this.frame.removeEventListener("pointermove", move);
    this.frame.addEventListener("lostpointercapture", drop, { once: true });
  }

  /** Zooms in or out, about the point of a double click. */
  #toggle(event) {
    if (this.zoom.disabled || event?.target === this.handle) return;
    const stage = this.stage.getBoundingClientRect();
    const frame = this.frame.getBoundingClientRect();
    const x = event ? (event.clientX - stage.left) / stage.width : 0.5;
    const y = event ? (event.clientY - stage.top) / stage.height : 0.5;
    this.#zoomTo(!this.zoomed);
    this.scroller.scrollTo(
      x * this.stage.offsetWidth - frame.width / 2,
      y * this.stage.offsetHeight - frame.height / 2,
    );
  }

  #zoomTo(zoomed) {
    this.zoomed = zoomed;
    this.zoom.setAttribute("aria-pressed", zoomed);
    this.frame.classList.toggle("zoomed", zoomed);
    this.layout();
  }
}
