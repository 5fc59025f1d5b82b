/** @file Zooming with the wheel and with two fingers. */

// By how much a notch of the wheel zooms.
const NOTCH = 1.2;
// Pixels that browsers scroll by a notch; and lines, where they tell those.
const NOTCH_PIXELS = 100;
const LINE_PIXELS = 33;

/**
 * By how much a turn of the wheel zooms.
 *
 * @param {{deltaY: number, deltaMode: number, ctrlKey: boolean}} event
 * @return {number}
 */
export function wheelFactor({ deltaY, deltaMode, ctrlKey }) {
  const pixels = deltaMode ? deltaY * LINE_PIXELS : deltaY;
  // Touchpads tell two fingers as a wheel with Ctrl, in small steps.
  const notches = pixels / (ctrlKey ? NOTCH_PIXELS / 5 : NOTCH_PIXELS);
  return NOTCH ** -Math.min(4, Math.max(-4, notches));
}

/**
 * The middle and the distance of two fingers.
 *
 * @param {{clientX: number, clientY: number}[]} touches
 * @return {{clientX: number, clientY: number, apart: number}}
 */
export function pinchOf([one, other]) {
  return {
    clientX: (one.clientX + other.clientX) / 2,
    clientY: (one.clientY + other.clientY) / 2,
    apart: Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY),
  };
}

/**
 * Listens for the wheel and for two fingers.
 *
 * @param {HTMLElement} frame
 * @param {{zoomed: () => boolean, zoomBy: (factor: number,
 *     point: {clientX: number, clientY: number}) => void}} view
 */
export function listenForZoom(frame, view) {
  frame.addEventListener(
    "wheel",
    (event) => {
      const factor = wheelFactor(event);
      // Otherwise the page could not be scrolled over the picture.
      const scrolls = !event.ctrlKey && !view.zoomed();
      if (scrolls && (factor < 1 || window.scrollY > 0)) return;
      event.preventDefault();
      view.zoomBy(factor, event);
    },
    { passive: false },
  );
  let last = null;
  frame.addEventListener(
    "touchmove",
    (event) => {
      if (event.touches.length !== 2) {
        last = null;
        return;
      }
      // Else the browser would zoom the page.
      event.preventDefault();
      const pinch = pinchOf([...event.touches]);
      if (last?.apart && pinch.apart) {
        view.zoomBy(pinch.apart / last.apart, pinch);
      }
      last = pinch;
    },
    { passive: false },
  );
  for (const type of ["touchstart", "touchend", "touchcancel"]) {
    frame.addEventListener(type, () => (last = null), { passive: true });
  }
}
