// One message of the assistant as a card.
import { attributes, type Child, make, makeButton, said, unseen } from "./dom";
import { sourceLink, withNumbers } from "./links";
import { fill, type Strings } from "./strings";
import { isRow, tableNodes } from "./table";
import type { Answer, Choice, MessageEvent, Passage } from "./wire";

// By the contract of the text of an answer (docs/architecture.md).
const SOURCE_PREFIX = "Source: ";
const NOT_REVIEWED = /^No clinician has reviewed this article yet\.?$/;

export interface CardContext {
  readonly server: string;
  readonly strings: Strings;
  readonly locale: string;
  /** Called with the button that the reader chose. */
  choose(choice: Choice): void;
}

export const isAlarm = (answer: Answer | null): boolean => answer?.kind === "emergency" || answer?.kind === "crisis";

/** An entry of the conversation, with who speaks for those who do not see the colours. */
export function entry(who: string, className: string, ...children: Child[]): HTMLElement {
  return make("article", `entry ${className}`, unseen(who), ...children);
}

/** Return the card of a message; `actions` stand at its end. */
export function messageCard(event: MessageEvent, context: CardContext, ...actions: Child[]): HTMLElement {
  const { strings } = context;
  const answer = event.answer ?? {};
  const alarm = isAlarm(answer);
  // An alarm is read out at once; `article` may not have that role.
  const card = alarm
    ? attributes(make("div", "entry alarm"), { role: "alert" })
    : entry(strings.bot, `reply ${answer.kind ?? ""}`);
  if (alarm) {
    card.append(make("h2", "", strings[answer.kind as "emergency" | "crisis"]));
  }
  card.append(...body(event.text, answer, context), ...choices(event, context), ...actions);
  return card;
}

/** The lines of the text, each in its form; the disclaimer last. */
function body(text: string, answer: Answer, context: CardContext): Child[] {
  const { strings } = context;
  const nodes: Child[] = [];
  const passages = [...(answer.passages ?? [])];
  let table = answer.table ?? null;
  let disclaimer = "";
  let label = "";
  const showTable = () => {
    if (table) nodes.push(...tableNodes(table, label, strings));
    table = null;
  };
  for (const line of text.split("\n").filter((line) => line.trim())) {
    if (line === answer.disclaimer || line === strings.disclaimer) disclaimer = line;
    else if (answer.table && isRow(line, answer.table)) showTable();
    else if (line.startsWith(SOURCE_PREFIX)) nodes.push(source(line.slice(SOURCE_PREFIX.length), passages.shift(), context));
    else if (NOT_REVIEWED.test(line)) nodes.push(said("quiet", line));
    else {
      nodes.push(said("", ...(isAlarm(answer) ? withNumbers(line, strings) : [line])));
      label = line;
    }
  }
  showTable();
  if (disclaimer) nodes.push(said("quiet disclaimer", disclaimer));
  return nodes;
}

/** Where a passage comes from; a line whose passage is not given stays as it is. */
function source(line: string, passage: Passage | undefined, { strings, server, locale }: CardContext): HTMLElement {
  const text = passage ? [passage.title, passage.section].filter(Boolean).join(" › ") : line;
  const place = passage ? sourceLink(text, passage.url ?? "", server, strings) : text;
  const node = make("p", "source", `${strings.source}: `, place);
  if (passage?.reviewed) {
    node.append(make("span", "quiet", ` · ${fill(strings.reviewed, { date: readableDate(passage.reviewed, locale) })}`));
  }
  return node;
}

function readableDate(date: string, locale: string): string {
  try {
    return new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "UTC" }).format(new Date(`${date}T00:00Z`));
  } catch {
    return date; // no date, or no language that the browser knows
  }
}

function choices(event: MessageEvent, { strings, choose }: CardContext): HTMLElement[] {
  const suggested = (event.answer?.suggestions ?? []).map((text) => ({ title: text, payload: text }));
  const all = [...(event.buttons ?? []), ...suggested];
  const different = all.filter((one, place) => all.findIndex((other) => other.payload === one.payload) === place);
  const title = event.answer?.kind === "clarify" ? strings.didYouMean : strings.suggestions;
  return different.length ? [choiceList(different, title, choose)] : [];
}

/** Buttons that ask something, under a title. */
export function choiceList(items: readonly Choice[], title: string, choose: (choice: Choice) => void): HTMLElement {
  const buttons = items.map((choice) =>
    attributes(
      makeButton("choice", choice.title, () => choose(choice)),
      { dir: "auto" },
    ),
  );
  const box = make("div", "choices", make("p", "quiet", title), ...buttons);
  return attributes(box, { role: "group", "aria-label": title });
}
