/**
 * @file How bytes become values and values bytes: float32, half to even, as
 * `kerasrestore/inference/image_restorer.py` has it.
 */

const f32 = Math.fround;

/** The float32 value that each byte stands for. */
export const FLOAT_OF_BYTE = Float32Array.from({ length: 256 }, (_, byte) =>
  f32(byte / 255),
);

/**
 * The byte of a float32 value: clipped to [0, 1], times 255 in float32,
 * rounded half to even.
 *
 * @param {number} value
 * @return {number}
 */
export function toByte(value) {
  const scaled = f32(Math.min(Math.max(value, 0), 1) * 255);
  const floor = Math.floor(scaled);
  const rest = scaled - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor + (floor & 1);
}

/**
 * Rounds values to bytes.
 *
 * @param {Float32Array} values
 * @param {Uint8Array} bytes Where they go.
 */
export function writeBytes(values, bytes) {
  for (let i = 0; i < values.length; i++) bytes[i] = toByte(values[i]);
}

/**
 * Moves from the bytes of a photo towards its restored values, or beyond.
 *
 * @param {Uint8Array} bytes
 * @param {Float32Array|Uint8Array} restored Values, or their bytes.
 * @param {number} strength 0 leaves the photo, 1 is the model's answer.
 * @return {Uint8Array}
 */
export function blend(bytes, restored, strength) {
  const share = f32(strength);
  const rounded = restored instanceof Uint8Array;
  if (share === 1 && rounded) return restored;
  const result = new Uint8Array(bytes.length);
  if (share === 1) {
    writeBytes(restored, result);
    return result;
  }
  for (let i = 0; i < bytes.length; i++) {
    const from = FLOAT_OF_BYTE[bytes[i]];
    const to = rounded ? FLOAT_OF_BYTE[restored[i]] : restored[i];
    const step = f32(share * f32(to - from));
    result[i] = toByte(f32(from + step));
  }
  return result;
}

/**
 * Gray values as three equal channels.
 *
 * @param {Float32Array} gray
 * @return {Float32Array}
 */
export function repeatThrice(gray) {
  const color = new Float32Array(3 * gray.length);
  for (let i = 0; i < gray.length; i++) {
    color.fill(gray[i], 3 * i, 3 * i + 3);
  }
  return color;
}

/**
 * The mean of each three channels: summed in their order, in float32.
 *
 * @param {Float32Array} color
 * @return {Float32Array}
 */
export function meanOfThree(color) {
  const gray = new Float32Array(color.length / 3);
  for (let i = 0; i < gray.length; i++) {
    const sum = f32(f32(color[3 * i] + color[3 * i + 1]) + color[3 * i + 2]);
    gray[i] = f32(sum / 3);
  }
  return gray;
}

/**
 * One of three channels.
 *
 * @param {Float32Array} color
 * @param {number} channel 0, 1 or 2.
 * @return {Float32Array}
 */
export function takeChannel(color, channel) {
  const plane = new Float32Array(color.length / 3);
  for (let i = 0; i < plane.length; i++) plane[i] = color[3 * i + channel];
  return plane;
}

/**
 * Puts one of three channels back.
 *
 * @param {Float32Array} color
 * @param {number} channel 0, 1 or 2.
 * @param {Float32Array} plane
 */
export function putChannel(color, channel, plane) {
  for (let i = 0; i < plane.length; i++) color[3 * i + channel] = plane[i];
}
