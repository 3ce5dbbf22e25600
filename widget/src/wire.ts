// What the server sends and takes: addons/channels/openapi.yaml, version 1. Unknown fields and events are ignored.

export type Kind = "answer" | "clarify" | "refuse" | "emergency" | "crisis" | "smalltalk";
export type Rating = "up" | "down";

export interface Passage {
  readonly title?: string;
  readonly section?: string;
  readonly url?: string;
  /** YYYY-MM-DD, or empty: no clinician has reviewed the article yet. */
  readonly reviewed?: string;
}

export interface TableData {
  readonly columns?: readonly string[];
  readonly rows?: readonly (readonly string[])[];
}

export interface Answer {
  readonly kind?: Kind;
  readonly id?: string;
  readonly passages?: readonly Passage[];
  readonly table?: TableData | null;
  readonly suggestions?: readonly string[];
  readonly disclaimer?: string;
}

export interface Choice {
  readonly title: string;
  readonly payload: string;
}

export interface MessageEvent {
  readonly event: "message";
  /** Complete by itself: passages, sources, disclaimer, one line each. */
  readonly text: string;
  readonly answer: Answer | null;
  readonly buttons?: readonly Choice[];
}

export interface ErrorEvent {
  readonly event: "error";
  /** With the disclaimer in it. */
  readonly text: string;
  readonly disclaimer?: string;
}

export interface DoneEvent {
  readonly event: "done";
  /** The reader said "forget me": what was said before this reply is gone. */
  readonly forgot?: boolean;
}

export type StreamEvent = MessageEvent | ErrorEvent | { readonly event: "typing" } | DoneEvent;

/** The same `id` is the same message, however often it is sent. */
export interface Message {
  readonly id: string;
  readonly text: string;
}

export interface History {
  readonly turns: readonly { readonly text: string; readonly events: readonly MessageEvent[] }[];
  readonly feedback?: Readonly<Record<string, Rating>>;
}

export interface StoredData {
  readonly messages: number;
  readonly feedback: number;
}

export interface Problem {
  readonly code?: string;
  readonly message?: string;
  readonly disclaimer?: string;
  readonly retry?: boolean;
  /** Seconds. */
  readonly retry_after?: number;
}
