// The key to the conversation: kept for this tab only, so that a reload shows the conversation again.

export class TokenStore {
  readonly #key: string;
  readonly #storage: Storage | null;
  #token: string | null = null;

  /**
   * @param server whose token it is.
   * @param keep false: in memory only, a reload begins a new conversation.
   */
  constructor(server: string, keep: boolean) {
    this.#key = `health-chat ${server}`;
    this.#storage = keep ? tabStorage() : null;
    this.#token = this.#storage?.getItem(this.#key) ?? null;
  }

  get(): string | null {
    return this.#token;
  }

  /** @param token null takes it away. */
  set(token: string | null): void {
    this.#token = token;
    try {
      if (token === null) this.#storage?.removeItem(this.#key);
      else this.#storage?.setItem(this.#key, token);
    } catch {
      // The storage is full: the token lives as long as the page.
    }
  }
}

/** A browser that is told to keep nothing refuses even the question. */
function tabStorage(): Storage | null {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
}
