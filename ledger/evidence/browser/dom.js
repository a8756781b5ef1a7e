// Elements, made without markup: text from a bundle can only ever become text.

/** An element with attributes and children; a child that is no element becomes text, null and undefined become nothing. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null) element.setAttribute(name, value);
  }
  for (const child of children.flat()) if (child !== null && child !== undefined) element.append(child);
  return element;
}

/** A list of terms, each with a description. */
export function terms(...pairs) {
  return make(
    "dl",
    {},
    pairs.filter((pair) => pair !== null).flatMap(([term, ...told]) => [make("dt", {}, term), make("dd", {}, ...told)]),
  );
}

/** A table that scrolls within itself where the page is narrow; `right` are the columns of numbers. */
export function table(caption, heads, rows, right = []) {
  const side = (i) => (right.includes(i) ? "number" : null);
  const head = make(
    "tr",
    {},
    heads.map((text, i) => make("th", { scope: "col", class: side(i) }, text)),
  );
  const body = rows.map((row) =>
    make(
      "tr",
      {},
      row.map((cell, i) => make("td", { class: side(i) }, cell)),
    ),
  );
  const whole = make("table", {}, make("caption", {}, caption), make("thead", {}, head), make("tbody", {}, body));
  return make("div", { class: "scroll", role: "region", "aria-label": caption, tabindex: "0" }, whole);
}

/** Text of bytes, digests and identifiers. */
export function code(text) {
  return make("code", {}, text);
}

/** An instant as people of a language write it, in UTC; as it stands where it is no date. */
export function instantText(text, locale) {
  const date = new Date(text.replace(/(\.\d{3})\d{3}Z$/, "$1Z"));
  if (Number.isNaN(date.getTime())) return text;
  return `${new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "medium", timeZone: "UTC" }).format(date)} UTC`;
}

/** A day likewise. */
export function dayText(text, locale) {
  const date = new Date(`${text}T00:00:00Z`);
  return Number.isNaN(date.getTime())
    ? text
    : new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "UTC" }).format(date);
}

/** An instant as an element, with the exact text for machines. */
export function instant(text, locale) {
  return make("time", { datetime: text, title: text }, instantText(text, locale));
}
