// What happens with a message: sent once, shown, and tried again with the same id where it failed.
import { type Api, Refused } from "./api";
import type { Strings } from "./strings";
import type { Transcript } from "./transcript";
import type { Choice, Message, Rating } from "./wire";

export interface Surroundings {
  /** Shows what the reader waits for; empty: nothing. */
  working(text: string): void;
  /** Puts the focus where the reader writes. */
  focus(): void;
  /** Puts words that were refused back to where the reader writes. */
  giveBack(text: string): void;
}

interface Failure {
  readonly text: string;
  readonly disclaimer?: string | undefined;
}

export class Conversation {
  #busy = false;
  #waiting: (() => Promise<void>)[] = [];
  #restored = false;

  constructor(
    private readonly api: Api,
    private readonly transcript: Transcript,
    private readonly strings: Strings,
    private readonly around: Surroundings,
  ) {
    // Once the reader is online again, what could not be sent is sent.
    window.addEventListener("online", () => void this.#sendWaiting());
  }

  /** Ask something; false when there is nothing to ask or the last answer is still on its way. */
  ask({ title, payload }: Choice): boolean {
    if (this.#busy || !title) return false;
    this.transcript.question(title);
    void this.#deliver({ id: newId(), text: payload });
    return true;
  }

  /** Store a rating; an alarm that the comment raised is shown. */
  async rate(answer: string, rating: Rating, comment: string): Promise<void> {
    const alarm = await this.api.rate(answer, rating, comment);
    if (alarm) this.transcript.message(alarm);
  }

  /** Show what was said before the page was loaded. Does it once. */
  async restore(): Promise<void> {
    if (this.#restored) return;
    this.#restored = true;
    if (!this.api.hasSession) return;
    this.#setBusy(this.strings.loading);
    try {
      const history = await this.api.history();
      this.transcript.quietly(() => {
        for (const turn of history?.turns ?? []) {
          this.transcript.question(turn.text);
          for (const event of turn.events) this.transcript.message(event, history?.feedback?.[event.answer?.id ?? ""]);
        }
      });
    } catch {
      const card = this.transcript.error(this.strings.historyFailed, "", () => {
        card.remove();
        this.#restored = false;
        this.around.focus();
        void this.restore();
      });
    } finally {
      this.#setBusy("");
    }
  }

  /** Delete the conversation. Rejects when the server could not. */
  async forget(): Promise<void> {
    await this.api.forget();
    this.#waiting = [];
    this.transcript.clear();
    this.transcript.note(this.strings.forgotten);
  }

  async #deliver(message: Message): Promise<void> {
    this.#setBusy(this.strings.typing);
    const shown: HTMLElement[] = [];
    let complete = false;
    try {
      for await (const event of this.api.send(message)) {
        if (event.event === "message") shown.push(this.transcript.message(event));
        else if (event.event === "error") this.#offerRetry(message, event);
        else if (event.event === "done" && event.forgot) this.#dropAllBut(shown);
        complete ||= event.event === "done" || event.event === "error";
      }
      if (!complete) throw new Error("The reply was cut off.");
    } catch (error) {
      for (const card of shown) card.remove(); // The retry brings them again.
      this.#explain(message, error);
    } finally {
      this.#setBusy("");
    }
  }

  /** The conversation was deleted on the server: nothing of it stays here either. */
  #dropAllBut(shown: readonly HTMLElement[]): void {
    this.#waiting = [];
    this.transcript.clear(shown);
  }

  #explain(message: Message, error: unknown): void {
    if (error instanceof Refused && error.problem.message) {
      const { message: text, disclaimer, retry = error.status >= 429, retry_after } = error.problem;
      this.#offerRetry(message, { text, disclaimer }, retry, retry_after);
      if (error.status === 400) this.around.giveBack(message.text);
    } else {
      this.#offerRetry(message, { text: navigator.onLine ? this.strings.failed : this.strings.offline });
    }
  }

  /** Every failure carries the disclaimer, in the same message. */
  #offerRetry(message: Message, failure: Failure, retry = true, retryAfter = 0): void {
    const disclaimer = failure.disclaimer || this.strings.disclaimer;
    const again = async () => {
      this.#waiting = this.#waiting.filter((other) => other !== again);
      card.remove();
      await this.#deliver(message);
    };
    const onClick = () => {
      if (this.#busy) return;
      this.around.focus();
      void again();
    };
    const card = this.transcript.error(failure.text, disclaimer, retry ? onClick : null, retryAfter);
    if (!navigator.onLine) this.#waiting.push(again);
  }

  async #sendWaiting(): Promise<void> {
    for (const again of [...this.#waiting]) {
      if (!this.#busy) await again();
    }
  }

  #setBusy(text: string): void {
    this.#busy = text !== "";
    this.around.working(text);
  }
}

/** 128 random bits; `crypto.randomUUID` is there on pages served over HTTPS only. */
const newId = (): string => crypto.getRandomValues(new Uint32Array(4)).join("-");
