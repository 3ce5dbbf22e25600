// The parts of a chat, put together: panel, transcript, conversation, the question before deleting.
import type { Api } from "./api";
import { Conversation } from "./conversation";
import { ForgetDialog } from "./forget_dialog";
import { Panel } from "./panel";
import type { Strings } from "./strings";
import { Transcript } from "./transcript";
import type { Choice } from "./wire";

export interface Chat {
  readonly panel: Panel;
  /** What stands in the page: the panel, and the dialog over it. */
  readonly nodes: readonly HTMLElement[];
  /** Show what was said before the page was loaded. Does it once. */
  restore(): Promise<void>;
}

/** @param close closes the panel; absent where it is always open. */
export function makeChat(api: Api, strings: Strings, locale: string, close?: () => void): Chat {
  const ask = (choice: Choice) => {
    const asked = conversation.ask(choice);
    if (asked) panel.field.focus();
    return asked;
  };
  const transcript = new Transcript({
    server: api.server,
    strings,
    locale,
    choose: ask,
    rate: (answer, rating, comment) => conversation.rate(answer, rating, comment),
    tell: (text) => panel.tell(text),
  });
  const conversation = new Conversation(api, transcript, strings, {
    working: (text) => panel.working(text),
    focus: () => panel.field.focus(),
    giveBack: (text) => panel.giveBack(text),
  });
  const forget = new ForgetDialog(strings, {
    storedData: () => api.storedData(),
    forget: () => conversation.forget(),
    closed: () => panel.focus(),
  });
  const panel = new Panel(strings, transcript.log, {
    submit: (text) => ask({ title: text, payload: text }),
    forget: () => forget.open(),
    ...(close ? { close } : {}),
  });
  return { panel, nodes: [panel.root, forget.root], restore: () => conversation.restore() };
}
