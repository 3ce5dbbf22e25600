// The parts of the widget that are always there: heading, conversation, question, disclaimer.
import { attributes, ICONS, iconButton, make, makeButton, unseen } from "./dom";
import type { Strings } from "./strings";

// Twice what the server answers: it says so in words, where a shorter field would cut a pasted story without a word.
const TEXT_LIMIT = "4000";

export interface PanelActions {
  /** Takes what was typed; false when it cannot be sent now. */
  submit(text: string): boolean;
  forget(): void;
  /** Absent where the panel is always open. */
  close?(): void;
}

export class Panel {
  readonly root: HTMLElement;
  readonly field: HTMLTextAreaElement;
  readonly #heading: HTMLElement;
  readonly #typing = attributes(make("p", "typing"), { role: "status" });
  readonly #status = attributes(unseen(""), { role: "status" });
  readonly #send: HTMLButtonElement;
  readonly #disclaimer: HTMLDetailsElement;

  constructor(strings: Strings, log: HTMLElement, actions: PanelActions) {
    this.field = attributes(make("textarea"), {
      id: "text",
      rows: "1",
      dir: "auto",
      maxlength: TEXT_LIMIT,
      placeholder: strings.placeholder,
      enterkeyhint: "send",
      autocomplete: "off",
      "aria-describedby": "hint",
    });
    this.#send = make("button", "send", strings.send);
    this.#heading = attributes(make("div", "heading", headingSlot(strings)), { id: "heading", tabindex: "-1" });
    this.#disclaimer = make("details", "disclaimer-bar", make("summary", "", strings.disclaimerShort), make("p", "", strings.disclaimer));
    const header = make("header", "", this.#heading, makeButton("plain forget", strings.forget, actions.forget));
    if (actions.close) header.append(iconButton("close", ICONS.close, strings.close, actions.close));
    this.root = make(
      actions.close ? "dialog" : "div",
      "panel",
      header,
      make("div", "middle", log, this.#typing),
      this.#form(strings, actions),
      this.#disclaimer,
      this.#status,
    );
    if (actions.close) {
      this.root.setAttribute("aria-labelledby", "heading");
      // The browser closes a dialog by itself too, e.g. with Android's back gesture.
      this.root.addEventListener("close", actions.close);
    }
    this.root.addEventListener("keydown", (event) => this.#escape(event, actions));
  }

  /** Where to begin: the question, but on a touch screen the heading, or the keyboard would cover the conversation. */
  focus(): void {
    (matchMedia("(pointer: coarse)").matches ? this.#heading : this.field).focus();
  }

  /** Show what is waited for; empty: nothing. */
  working(text: string): void {
    this.#send.ariaDisabled = String(text !== "");
    this.#typing.textContent = text;
  }

  /** Put words that were refused back, unless the reader has begun others. */
  giveBack(text: string): void {
    this.field.value ||= text;
  }

  tell(text: string): void {
    this.#status.textContent = text;
  }

  #form(strings: Strings, actions: PanelActions): HTMLFormElement {
    const label = attributes(make("label", "unseen", strings.question), { for: "text" });
    const hint = attributes(make("p", "hint quiet", strings.hint), { id: "hint" });
    const form = make("form", "ask", label, make("div", "row", this.field, this.#send), hint);
    const submit = (event: Event) => {
      event.preventDefault();
      if (actions.submit(this.field.value.trim())) this.field.value = "";
      this.field.focus();
    };
    form.addEventListener("submit", submit);
    this.field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
    });
    return form;
  }

  #escape(event: KeyboardEvent, actions: PanelActions): void {
    if (event.key !== "Escape" || event.isComposing) return;
    if (this.#disclaimer.open) {
      this.#disclaimer.open = false;
      this.#disclaimer.querySelector("summary")?.focus();
    } else if (actions.close) actions.close();
    else return;
    event.preventDefault();
  }
}

/** The page may put a heading of its own level there. */
function headingSlot(strings: Strings): HTMLElement {
  return attributes(make("slot", "", make("h2", "", strings.heading)), { name: "heading" });
}
