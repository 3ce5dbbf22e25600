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

interface Call {
  readonly method: "GET" | "POST" | "DELETE";
  readonly body?: unknown;
  readonly token?: string;
}

export class Api {
  #session: Promise<string> | null = null;

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
    const post = async () =>
      this.#call("messages", { method: "POST", body: { token: await this.#token(), ...message } });
    let reply: Reply;
    try {
      reply = await post();
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 401) throw error;
      this.tokens.set(null);
      reply = await post();
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
    const body = comment ? { answer, rating, comment } : { answer, rating };
    const reply = await this.#call("feedback", { method: "POST", body, token: this.tokens.get() ?? "" });
    return ((await reply.json()) as { alarm?: MessageEvent | null }).alarm ?? null;
  }

  /** Delete the conversation on the server and the token here. Nothing to delete is as good as deleted. */
  async forget(): Promise<void> {
    const token = this.tokens.get();
    if (token === null) return;
    try {
      await (await this.#call("session", { method: "DELETE", token })).text();
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 401) throw error;
    }
    this.tokens.set(null);
  }

  async #stored<Data>(path: string): Promise<Data | null> {
    const token = this.tokens.get();
    if (token === null) return null;
    try {
      return (await (await this.#call(path, { method: "GET", token })).json()) as Data;
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 401) throw error;
      this.tokens.set(null);
      return null;
    }
  }

  async #token(): Promise<string> {
    const known = this.tokens.get();
    if (known !== null) return known;
    // Two callers at once get one session.
    this.#session ??= this.#newSession();
    try {
      return await this.#session;
    } finally {
      this.#session = null;
    }
  }

  async #newSession(): Promise<string> {
    const reply = await this.#call("session", { method: "POST" });
    const { token } = (await reply.json()) as { token: string };
    this.tokens.set(token);
    return token;
  }

  async #call(path: string, { method, body, token }: Call): Promise<Reply> {
    const watch = new Watch();
    const headers: Record<string, string> = {};
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (token !== undefined) headers["Authorization"] = `Bearer ${token}`;
    try {
      const response = await fetch(new URL(path, this.server), {
        method,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
        signal: watch.signal,
        credentials: "omit",
        cache: "no-store",
        referrerPolicy: "no-referrer",
      });
      const reply = new Reply(response, watch);
      if (!response.ok) throw new Refused(response.status, await reply.problem());
      return reply;
    } catch (error) {
      watch.stop();
      throw error;
    }
  }
}

/** Breaks a request off when nothing was heard for too long. */
class Watch {
  readonly #abort = new AbortController();
  #timer = 0;

  constructor() {
    this.alive();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  alive(): void {
    this.stop();
    this.#timer = window.setTimeout(() => this.#abort.abort(), PATIENCE_MS);
  }

  stop(): void {
    window.clearTimeout(this.#timer);
  }
}

/** The body of a response, read under the eye of a `Watch`. */
class Reply {
  constructor(
    private readonly response: Response,
    private readonly watch: Watch,
  ) {}

  async text(): Promise<string> {
    try {
      return await this.response.text();
    } finally {
      this.watch.stop();
    }
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  /** What the server says went wrong; empty where a proxy answered in its place. */
  async problem(): Promise<Problem> {
    try {
      return ((await this.json()) as { error?: Problem }).error ?? {};
    } catch {
      return {};
    }
  }

  /** The events of a stream, one JSON object a line. */
  async *lines(): AsyncGenerator<StreamEvent> {
    const reader = this.response.body?.getReader();
    const decoder = new TextDecoder();
    let rest = "";
    try {
      for (let done = !reader; reader && !done; ) {
        const chunk = await reader.read();
        this.watch.alive();
        done = chunk.done;
        const lines = (rest + decoder.decode(chunk.value, { stream: !done })).split("\n");
        rest = done ? "" : (lines.pop() ?? "");
        for (const line of lines) if (line.trim()) yield JSON.parse(line) as StreamEvent;
      }
    } finally {
      this.watch.stop();
    }
  }
}
