// Asks before a conversation is deleted, and says what is stored.
import { attributes, make, makeButton } from "./dom";
import { fill, type Strings } from "./strings";
import type { StoredData } from "./wire";

export interface ForgetActions {
  storedData(): Promise<StoredData | null>;
  /** Rejects when it failed. */
  forget(): Promise<void>;
  /** Called when the reader has decided. */
  closed(): void;
}

export class ForgetDialog {
  readonly root: HTMLDialogElement;
  readonly #stored = make("p", "quiet");
  readonly #problem = attributes(make("p", "problem"), { role: "alert" });

  constructor(
    private readonly strings: Strings,
    private readonly actions: ForgetActions,
  ) {
    const keep = makeButton("choice", strings.forgetNo, () => this.root.close());
    const remove = makeButton("send", strings.forgetYes, () => void this.#remove());
    const question = attributes(make("p", "", strings.forgetAsk), { id: "forget-ask" });
    this.root = make("dialog", "confirm", question, this.#stored, this.#problem, make("div", "row", keep, remove));
    attributes(this.root, { role: "alertdialog", "aria-labelledby": "forget-ask" });
    this.root.addEventListener("close", () => actions.closed());
  }

  open(): void {
    this.#problem.textContent = this.#stored.textContent = "";
    this.root.showModal();
    void this.#describe();
  }

  async #describe(): Promise<void> {
    try {
      const data = await this.actions.storedData();
      if (data) this.#stored.textContent = fill(this.strings.stored, { messages: data.messages, feedback: data.feedback });
    } catch {
      // The question can be answered without it.
    }
  }

  async #remove(): Promise<void> {
    this.#problem.textContent = "";
    try {
      await this.actions.forget();
      this.root.close();
    } catch {
      this.#problem.textContent = this.strings.notForgotten;
    }
  }
}
