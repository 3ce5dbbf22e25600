// A table of an answer: a real one, in a box that scrolls sideways and can be reached with the keyboard.
import { attributes, make } from "./dom";
import type { Strings } from "./strings";
import type { TableData } from "./wire";

/** Whether a line of the message repeats a row of the table; the table stands for it then. */
export function isRow(line: string, { rows = [] }: TableData): boolean {
  return rows.some((row) => line.startsWith(`${row[0]} – `) && row.every((cell) => line.includes(cell)));
}

/** Return the table's nodes. `label` is what a screen reader calls the box. */
export function tableNodes({ columns = [], rows = [] }: TableData, label: string, strings: Strings): HTMLElement[] {
  const cell = (tag: "td" | "th", text: string, scope = "") => {
    const node = make(tag, "", String(text));
    return scope ? attributes(node, { scope }) : node;
  };
  const head = make("tr", "", ...columns.map((name) => cell("th", name, "col")));
  const lines = rows.map((row) =>
    make("tr", "", ...row.map((text, position) => (position ? cell("td", text) : cell("th", text, "row")))),
  );
  const table = make("table", "", make("thead", "", head), make("tbody", "", ...lines));
  // The direction is the box's: it begins to scroll where the table begins, also on a page from right to left.
  const box = attributes(make("div", "table", table), {
    dir: "auto",
    lang: "en",
    role: "region",
    tabindex: "0",
    "aria-label": label || strings.table,
  });
  const hint = make("p", "quiet scroll", strings.scroll);
  hint.hidden = true;
  // Whether it fits is known once it is laid out, and anew when the window changes.
  new ResizeObserver(() => {
    hint.hidden = box.scrollWidth <= box.clientWidth;
  }).observe(box);
  return [box, hint];
}
