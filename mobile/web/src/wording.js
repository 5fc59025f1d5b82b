/** @file Figures as people read them. */

const STAGES = {
  loading: "Loading the model…",
  reading: "Reading the photo…",
  writing: "Writing the picture…",
};

/**
 * What is said below the progress bar.
 *
 * @param {{stage: string, done: number, total: number}} progress Of the
 *     worker, in tiles.
 * @param {number} megapixels Of the photo.
 * @param {number} seconds Since the first tile was begun.
 * @return {string}
 */
export function describeProgress({ stage, done, total }, megapixels, seconds) {
  if (stage !== "restoring") return STAGES[stage];
  const tile = Math.min(done + 1, total);
  const text = `Tile ${tile} of ${total}`;
  if (!done || seconds <= 0) return text;
  const speed = speedText((megapixels * done) / total, seconds);
  const left = (seconds / done) * (total - done);
  return `${text}, ${speed}, ${durationText(left)} left`;
}

/**
 * @param {number} megapixels
 * @param {number} seconds
 * @return {string} Megapixels per second, as `0.42 MP/s`.
 */
export function speedText(megapixels, seconds) {
  return `${Number((megapixels / seconds).toPrecision(2))} MP/s`;
}

/**
 * @param {number} seconds
 * @return {string} As `8 s` or `2 min 5 s`.
 */
export function durationText(seconds) {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/**
 * @param {{width: number, height: number}} size
 * @return {string} As `4000 x 3000, 12 MP`.
 */
export function sizeText({ width, height }) {
  const megapixels = (width * height) / 1e6;
  const digits = megapixels < 9.95 ? 1 : 0;
  const area = megapixels < 0.05 ? "" : `, ${megapixels.toFixed(digits)} MP`;
  return `${width} x ${height}${area}`;
}

/**
 * @param {string} name Of the file that was opened.
 * @param {string} ending Of the format that is written, as `png`.
 * @return {string} Of the file that is saved: another name, so that nothing
 *     is overwritten.
 */
export function restoredName(name, ending) {
  return `${name.replace(/\.[^.]*$/u, "") || "photo"}_restored.${ending}`;
}
