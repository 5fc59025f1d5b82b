/**
 * @file As much of JSON Schema (draft 7) as `sidecar.schema.json` uses, so
 * that Python and this page refuse the same files by one definition.
 */

const KEYWORDS = {
  type: (value, types) => [types].flat().some((type) => isOf(value, type)),
  const: (value, wanted) => JSON.stringify(value) === JSON.stringify(wanted),
  enum: (value, wanted) => wanted.includes(value),
  minimum: (value, least) => typeof value !== "number" || value >= least,
  maximum: (value, most) => typeof value !== "number" || value <= most,
  pattern: (value, pattern) =>
    typeof value !== "string" || new RegExp(pattern, "u").test(value),
  minItems: (value, least) => !Array.isArray(value) || value.length >= least,
  maxItems: (value, most) => !Array.isArray(value) || value.length <= most,
};
const NESTED = ["required", "properties", "additionalProperties", "items"];
const NOTES = ["$schema", "title", "description"];

/**
 * The first thing that is wrong with a value.
 *
 * @param {*} value What `JSON.parse` gave.
 * @param {object} schema
 * @param {string} [field] Where the value stands.
 * @return {?string} A clause such as `tile is [1], wanted is ...`, or null.
 */
export function findFault(value, schema, field = "") {
  for (const keyword of Object.keys(schema)) {
    if (![...Object.keys(KEYWORDS), ...NESTED, ...NOTES].includes(keyword)) {
      throw new TypeError(`The schema has an unknown keyword ${keyword}.`);
    }
  }
  for (const [keyword, holds] of Object.entries(KEYWORDS)) {
    if (keyword in schema && !holds(value, schema[keyword])) {
      const wanted = schema.description;
      return `${field || "it"} is ${shown(value)}, wanted is ${wanted}`;
    }
  }
  if (Array.isArray(value)) return faultOfItems(value, schema, field);
  if (isOf(value, "object")) return faultOfFields(value, schema, field);
  return null;
}

function faultOfItems(value, { items }, field) {
  if (!items) return null;
  for (const [index, item] of value.entries()) {
    const schema = Array.isArray(items) ? items[index] : items;
    const fault = schema && findFault(item, schema, `${field}[${index}]`);
    if (fault) return fault;
  }
  return null;
}

function faultOfFields(value, schema, field) {
  const { properties = {}, required = [], additionalProperties } = schema;
  const missing = required.find((key) => !Object.hasOwn(value, key));
  if (missing) return `${field || "it"} has no '${missing}'`;
  for (const [key, item] of Object.entries(value)) {
    const inner = Object.hasOwn(properties, key)
      ? properties[key]
      : additionalProperties;
    const path = field ? `${field}.${key}` : key;
    const fault = inner && findFault(item, inner, path);
    if (fault) return fault;
  }
  return null;
}

function isOf(value, type) {
  switch (type) {
    case "integer":
      return Number.isInteger(value);
    case "number":
      return Number.isFinite(value);
    case "array":
      return Array.isArray(value);
    case "object":
      return (
        value !== null && typeof value === "object" && !isOf(value, "array")
      );
    default:
      return typeof value === type;
  }
}

/**
 * The value on one line, shortened: it may be a stranger's.
 *
 * @param {*} value
 * @return {string}
 */
export function shown(value) {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
