// The conversation as the reader sees it: entries in a log.
import { type CardContext, choiceList, entry, messageCard } from "./card";
import { attributes, make, makeButton, said } from "./dom";
import { copyButton, ratingBar } from "./rating";
import type { MessageEvent, Rating } from "./wire";

const RATED = new Set(["answer", "clarify", "refuse"]);
const GAP = 8;

export interface TranscriptContext extends CardContext {
  /** Stores a rating; rejects when that failed. */
  rate(answer: string, rating: Rating, comment: string): Promise<void>;
  /** Says something to a screen reader. */
  tell(text: string): void;
}

export class Transcript {
  readonly log: HTMLElement;
  readonly #context: TranscriptContext;
  readonly #entries = make("div");

  constructor(context: TranscriptContext) {
    const { strings } = context;
    this.#context = context;
    const welcome = make("div", "welcome", attributes(make("slot", "", make("p", "", strings.intro)), { name: "intro" }));
    if (strings.examples.length) {
      const examples = strings.examples.map((text) => ({ title: text, payload: text }));
      welcome.append(choiceList(examples, strings.examplesTitle, (choice) => context.choose(choice)));
    }
    this.log = attributes(make("div", "log", welcome, this.#entries), {
      role: "log",
      tabindex: "0",
      "aria-label": strings.conversation,
    });
  }

  question(text: string): HTMLElement {
    return this.#show(entry(this.#context.strings.you, "question", attributes(make("p", "", text), { dir: "auto" })));
  }

  message(event: MessageEvent, given?: Rating): HTMLElement {
    const { strings, rate, tell } = this.#context;
    const { answer } = event;
    const actions = make("div", "actions");
    if (answer?.id && RATED.has(answer.kind ?? "")) {
      const id = answer.id;
      actions.append(ratingBar(strings, given, (rating, comment) => rate(id, rating, comment), tell));
    }
    if (answer && answer.kind !== "smalltalk") actions.prepend(...copyButton(strings, event.text, tell));
    return this.#show(messageCard(event, this.#context, ...(actions.childNodes.length ? [actions] : [])));
  }

  /** Say that something failed, with a button to try again where that may help. */
  error(text: string, disclaimer: string, retry: (() => void) | null, retryAfter = 0): HTMLElement {
    const { strings } = this.#context;
    const lines = text.split("\n").filter((line) => line.trim() && line !== disclaimer);
    const card = entry(strings.bot, "error", ...lines.map((line) => said("", line)));
    if (disclaimer) card.append(said("quiet disclaimer", disclaimer));
    if (retry) {
      const button = makeButton("choice retry", strings.retry, () => button.ariaDisabled !== "true" && retry());
      button.ariaDisabled = String(retryAfter > 0);
      window.setTimeout(() => (button.ariaDisabled = "false"), retryAfter * 1000);
      card.append(button);
    }
    return this.#show(card);
  }

  /** A sentence that is nobody's message. */
  note(text: string): void {
    this.#show(make("p", "quiet note", text));
  }

  /** Take everything off the page but these entries. */
  clear(kept: readonly HTMLElement[] = []): void {
    this.#entries.replaceChildren(...kept);
  }

  /** Fill the log without having it read out. */
  quietly(fillIn: () => void): void {
    this.log.ariaLive = "off";
    fillIn();
    window.setTimeout(() => (this.log.ariaLive = "polite"));
  }

  /** The beginning of a long answer must be seen, so the new entry's top is brought into view. Only the log scrolls. */
  #show(node: HTMLElement): HTMLElement {
    this.#entries.append(node);
    this.log.scrollTop = node.offsetTop - GAP;
    return node;
  }
}
