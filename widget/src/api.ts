// The server's interface over HTTP (addons/channels/openapi.yaml).
import type { TokenStore } from "./token_store";
import type { History, Message, MessageEvent, Problem, Rating, StoredData, StreamEvent } from "./wire";

// The server says something every 2 seconds and ends a turn within 8; past this silence the connection is broken.
const PATIENCE_MS = 15_000;

/** The server answered, but did not do it. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem,
  ) {
    super(problem.code ?? `HTTP ${status}`);
  }
}

export class Api {
  /**
   * @param server address of the channel, with a slash at its end.
   * @param tokens where the token of the conversation is kept.
   */
  constructor(
    readonly server: string,
    private readonly tokens: TokenStore,
  ) {}

  /** Whether there may be a conversation to show. */
  get hasSession(): boolean {
    return this.tokens.get() !== null;
  }

  /** Send a message and give the events of the reply as they come. A session that has ended is replaced by a new one. */
  async *send(message: Message): AsyncGenerator<StreamEvent> {
    let reply = await this.#inSession("messages", "POST", message);
    if (!reply) {
      const { token } = (await (await this.#call("session", "POST")).json()) as { token: string };
      this.tokens.set(token);
      reply = await this.#call("messages", "POST", message);
    }
    yield* reply.lines();
  }

  /** Return what was said, or null when the session has ended. */
  async history(): Promise<History | null> {
    return this.#stored<History>("history");
  }

  /** Return what is stored, or null when the session has ended. */
  async storedData(): Promise<StoredData | null> {
    return this.#stored<StoredData>("me");
  }

  /** Store a rating. Returns a message to show at once where the comment asks for help. */
  async rate(answer: string, rating: Rating, comment: string): Promise<MessageEvent | null> {
    const reply = await this.#call("feedback", "POST", comment ? { answer, rating, comment } : { answer, rating });
    return ((await reply.json()) as { alarm?: MessageEvent | null }).alarm ?? null;
  }

  /** Delete the conversation on the server and the token here. Nothing to delete is as good as deleted. */
  async forget(): Promise<void> {
    await (await this.#inSession("session", "DELETE"))?.text();
    this.tokens.set(null);
  }

  async #stored<Data>(path: string): Promise<Data | null> {
    const reply = await this.#inSession(path);
    return reply && ((await reply.json()) as Data);
  }

  /** As `#call`; null where there is no session, or no longer. */
  async #inSession(path: string, method?: string, body?: unknown): Promise<Reply | null> {
    if (!this.hasSession) return null;
    try {
      return await this.#call(path, method, body);
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 401) throw error;
      this.tokens.set(null);
      return null;
    }
  }

  async #call(path: string, method = "GET", body?: unknown): Promise<Reply> {
    const headers: Record<string, string> = {};
    const token = this.tokens.get();
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (token !== null) headers["Authorization"] = `Bearer ${token}`;
    const reply = new Reply();
    await reply.open(new URL(path, this.server), { method, headers, body: body === undefined ? null : JSON.stringify(body) });
    return reply;
  }
}

/** A request and its response, broken off when nothing was heard for too long. */
class Reply {
  readonly #abort = new AbortController();
  #timer = 0;
  #response!: Response;

  /** @throws Refused for a status that is no success. */
  async open(address: URL, request: RequestInit): Promise<void> {
    this.#alive();
    try {
      this.#response = await fetch(address, {
        ...request,
        signal: this.#abort.signal,
        credentials: "omit",
        cache: "no-store",
        referrerPolicy: "no-referrer",
      });
      if (!this.#response.ok) throw new Refused(this.#response.status, await this.#problem());
    } catch (error) {
      this.#stop();
      throw error;
    }
  }

  async text(): Promise<string> {
    try {
      return await this.#response.text();
    } finally {
      this.#stop();
    }
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  /** The events of a stream, one JSON object a line. */
  async *lines(): AsyncGenerator<StreamEvent> {
    const reader = this.#response.body?.getReader();
    const decoder = new TextDecoder();
    let rest = "";
    try {
      for (let done = !reader; reader && !done; ) {
        const chunk = await reader.read();
        this.#alive();
        done = chunk.done;
        const lines = (rest + decoder.decode(chunk.value, { stream: !done })).split("\n");
        rest = done ? "" : (lines.pop() ?? "");
        for (const line of lines) if (line.trim()) yield JSON.parse(line) as StreamEvent;
      }
    } finally {
      this.#stop();
    }
  }

  /** What the server says went wrong; empty where a proxy answered in its place. */
  async #problem(): Promise<Problem> {
    try {
      return ((await this.json()) as { error?: Problem }).error ?? {};
    } catch {
      return {};
    }
  }

  #alive(): void {
    this.#stop();
    this.#timer = setTimeout(() => this.#abort.abort(), PATIENCE_MS);
  }

  #stop(): void {
    clearTimeout(this.#timer);
  }
}
