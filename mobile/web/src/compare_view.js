/** @file Before and after in one frame, with a line to drag between them. */

import { listenForZoom } from "./zoom_gestures.js";

// Of the height of the window, so that the controls stay in sight.
const TALLEST = 0.66;
// By how much small pictures are enlarged, and any picture at most.
const ENLARGED = 4;
const LARGEST = 8;
const ZOOM_STEP = 1.5;
// Of the words from the line, and what they need beside it.
const BESIDE = 28;
const ROOM = 100;
const NARROWEST = 96;
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
  /** Pixels of the screen by those of the picture; null for what fits. */
  #scale = null;
  #scales = { fit: 1, actual: 1 };
  /** Pixels of the result by those of the photo, on a side. */
  #enlarged = 1;
  #drop = () => {};

  /** @param {Document} page Where the elements of `index.html` are. */
  constructor(page) {
    for (const id of IDS) this[id] = page.getElementById(id);
    this.zoomIn = page.getElementById("zoom-in");
    this.zoomOut = page.getElementById("zoom-out");
    this.zoomText = page.getElementById("zoom-text");
    this.tags = page.querySelectorAll(".tag");
    this.size = { width: 1, height: 1 };
    this.percent = 50;
    this.handle.addEventListener("keydown", (event) => this.#press(event));
    this.frame.addEventListener("pointerdown", (event) => this.#grab(event));
    this.frame.addEventListener("dblclick", (event) => this.#toggle(event));
    this.zoom.addEventListener("click", () => this.#toggle());
    this.zoomIn.addEventListener("click", () => this.zoomBy(ZOOM_STEP));
    this.zoomOut.addEventListener("click", () => this.zoomBy(1 / ZOOM_STEP));
    this.scroller.addEventListener("scroll", () => this.#place());
    listenForZoom(this.frame, {
      zoomed: () => this.zoomed,
      zoomBy: (factor, point) => {
        // The first of two fingers moved the line until now.
        this.#drop();
        this.zoomBy(factor, point);
      },
    });
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
    this.#enlarged = 1;
    this.before.src = address;
    this.after.removeAttribute("src");
    this.#scale = null;
    this.layout();
    this.frame.classList.remove("compared");
  }

  /**
   * Shows the restored photo beside it.
   *
   * @param {?string} address null for the photo before alone.
   * @param {number} [opacity] How much of it lies over the photo.
   */
  showAfter(address, opacity = 1) {
    const compared = this.frame.classList.toggle("compared", address !== null);
    this.frame.classList.toggle("over", opacity < 1);
    this.after.style.opacity = opacity;
    if (!compared) {
      this.after.removeAttribute("src");
    } else if (this.after.getAttribute("src") !== address) {
      if (!this.after.hasAttribute("src")) this.setPercent(50);
      this.after.src = address;
    }
  }

  /**
   * Tells by how much the result is larger than the photo: where its pixels
   * can be counted, it is shown in actual size.
   *
   * @param {number} scale
   */
  setScale(scale) {
    this.#enlarged = scale;
    this.layout();
  }

  /** What is seen of the photo, in its pixels. */
  get visiblePart() {
    const stage = this.stage.getBoundingClientRect();
    const frame = this.frame.getBoundingClientRect();
    const scale = this.size.width / stage.width;
    const between = (start, stop, most) => {
      const first = Math.min(Math.max(0, start), most);
      return [first, Math.min(Math.max(first, stop), most)];
    };
    const [left, right] = between(
      (Math.max(frame.left, 0) - stage.left) * scale,
      (Math.min(frame.right, window.innerWidth) - stage.left) * scale,
      this.size.width,
    );
    const [top, bottom] = between(
      (Math.max(frame.top, 0) - stage.top) * scale,
      (Math.min(frame.bottom, window.innerHeight) - stage.top) * scale,
      this.size.height,
    );
    return { left, top, width: right - left, height: bottom - top };
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
    // Small pictures are enlarged, so that they can be seen.
    const fit = Math.min(room / width, tallest / height, ENLARGED);
    const actual = this.#enlarged / window.devicePixelRatio;
    this.#scales = { fit, actual };
    const scale = this.#scale ?? fit;
    this.stage.style.width = `${width * scale}px`;
    this.stage.style.height = `${height * scale}px`;
    // The handle needs some room, however narrow the picture.
    const between = (side, most) => Math.min(Math.max(side, NARROWEST), most);
    this.frame.style.width = `${between(width * scale, room)}px`;
    this.frame.style.height = `${between(height * scale, tallest)}px`;
    this.frame.classList.toggle("zoomed", this.zoomed);
    // Pixels are shown as they are where they can be counted.
    this.frame.classList.toggle("pixels", scale > 2 * actual);
    this.zoom.setAttribute("aria-pressed", Math.abs(scale - actual) < 1e-3);
    this.zoomText.value = `${Math.round((100 * scale) / actual)} %`;
    this.zoomOut.disabled = !this.zoomed;
    this.zoomIn.disabled = scale >= LARGEST * actual;
    this.#place();
  }

  /** Whether more is shown than what fits. */
  get zoomed() {
    return this.#scale !== null && this.#scale > this.#scales.fit;
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
    // The words keep to the line, as long as there is room beside it.
    const [before, after] = this.tags;
    before.style.right = `${this.frame.clientWidth - at + BESIDE}px`;
    after.style.left = `${at + BESIDE}px`;
    before.classList.toggle("cramped", at - left < ROOM);
    after.classList.toggle("cramped", left + width - at < ROOM);
    const onStage = at - this.stage.offsetLeft + this.scroller.scrollLeft;
    this.stage.style.setProperty("--line-at", `${onStage}px`);
  }

  #press(event) {
    const zoom = { "+": ZOOM_STEP, "=": ZOOM_STEP, "-": 1 / ZOOM_STEP, 0: 0 };
    const step = STEPS[event.key];
    const factor = zoom[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (step) this.setPercent(this.percent + step);
    else if (factor !== undefined) this.zoomBy(factor);
    else return;
    event.preventDefault();
  }

  /** Moves the line, or zoomed in with a mouse the pictures. */
  #grab(event) {
    if (event.button || !event.isPrimary) return;
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
    this.#drop = () => this.frame.removeEventListener("pointermove", move);
    this.frame.addEventListener("lostpointercapture", this.#drop, {
      once: true,
    });
  }

  /** Actual size, or all of it, about the point of a double click. */
  #toggle(event) {
    if (event?.target === this.handle) return;
    const { actual, fit } = this.#scales;
    const shown = this.#scale ?? fit;
    const back = Math.abs(shown - actual) < 1e-3;
    this.#zoomTo(back ? null : actual, event);
  }

  /**
   * Zooms in or out.
   *
   * @param {number} factor 0 for all of the picture.
   * @param {{clientX: number, clientY: number}} [point] What stays in place;
   *     the centre if left out.
   */
  zoomBy(factor, point) {
    const { actual, fit } = this.#scales;
    const scale = (this.#scale ?? fit) * factor;
    const largest = Math.max(LARGEST * actual, fit);
    this.#zoomTo(scale <= fit ? null : Math.min(scale, largest), point);
  }

  #zoomTo(scale, point) {
    const before = this.stage.getBoundingClientRect();
    const frame = this.frame.getBoundingClientRect();
    const { clientX, clientY } = point ?? {
      clientX: frame.left + frame.width / 2,
      clientY: frame.top + frame.height / 2,
    };
    const x = before.width ? (clientX - before.left) / before.width : 0.5;
    const y = before.height ? (clientY - before.top) / before.height : 0.5;
    this.#scale = scale;
    this.layout();
    const after = this.stage.getBoundingClientRect();
    this.scroller.scrollBy(
      after.left + x * after.width - clientX,
      after.top + y * after.height - clientY,
    );
    this.#place();
  }
}
