// DOM nodes only: nothing from the server or the reader is ever read as markup, so Trusted Types have nothing to refuse.

const SVG = "http://www.w3.org/2000/svg";

export type Child = Node | string;

/** Make an element with its classes and children; strings become text nodes. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className = "",
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

/** Set attributes of an element and return it. */
export function attributes<Node extends Element>(node: Node, values: Record<string, string>): Node {
  for (const [name, value] of Object.entries(values)) node.setAttribute(name, value);
  return node;
}

export function makeButton(className: string, label: Child, onClick: (event: MouseEvent) => void): HTMLButtonElement {
  const button = make("button", className, label);
  button.type = "button";
  button.addEventListener("click", onClick);
  return button;
}

/** A button that shows a picture and is called `label`. */
export function iconButton(
  className: string,
  path: string,
  label: string,
  onClick: (event: MouseEvent) => void,
): HTMLButtonElement {
  const button = makeButton(`icon ${className}`, icon(path), onClick);
  return attributes(button, { "aria-label": label, title: label });
}

/** Text that only a screen reader gets. */
export const unseen = (text: string): HTMLElement => make("span", "unseen", text);

/** Words of the server: their own direction and language, whatever those of the page are. */
export const said = (className: string, ...children: Child[]): HTMLParagraphElement =>
  attributes(make("p", className, ...children), { dir: "auto", lang: "en" });

function icon(path: string): SVGElement {
  const picture = document.createElementNS(SVG, "svg");
  attributes(picture, { viewBox: "0 0 24 24", "aria-hidden": "true" });
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  picture.append(line);
  return picture;
}

export const ICONS = {
  chat: "M4 4h16v12h-9l-5 5v-5H4z",
  close: "M6.4 5 5 6.4l5.6 5.6L5 17.6 6.4 19l5.6-5.6 5.6 5.6 1.4-1.4-5.6-5.6L19 6.4 17.6 5 12 10.6z",
  thumb: "M3 10h3v10H3zm5 0 4-7c1.5 0 2.5 1 2.2 2.6L13.6 9H20c1.2 0 1.8.9 1.5 2l-2 7.5c-.2.9-.9 1.5-1.8 1.5H8z",
};
