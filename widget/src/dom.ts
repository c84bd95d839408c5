/** Makes elements without `innerHTML`, which a strict policy of the page (Trusted Types) may refuse. */

type Attributes = Record<string, string | number | boolean>;
const SVG = "http://www.w3.org/2000/svg";

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  setAll(element, attributes);
  element.append(...children);
  return element;
}

/** A picture of 24 by 24 from the data of its paths. */
export function draw(...paths: string[]): SVGElement {
  const picture = document.createElementNS(SVG, "svg");
  setAll(picture, { viewBox: "0 0 24 24", "aria-hidden": "true" });
  for (const d of paths) {
    const path = document.createElementNS(SVG, "path");
    setAll(path, { d });
    picture.append(path);
  }
  return picture;
}

function setAll(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
}
