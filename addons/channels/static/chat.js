/* The chat page. It makes DOM nodes only: nothing from the server or the reader is ever read as markup. */
"use strict";

(() => {
  const WORDS = {
    you: "You said:",
    bot: "The assistant said:",
    typing: "The assistant is looking for an answer …",
    source: "Source",
    reviewed: "Reviewed on",
    retry: "Try again",
    failed: "Sorry, the assistant cannot be reached at the moment. Your question was not lost.",
    emergency: "This may be an emergency",
    crisis: "Help is there for you",
    table: "Table",
    newTab: "(opens in a new tab)",
  };
  // The server answers or gives up within 8 seconds; past this the connection is broken.
  const PATIENCE_MS = 15000;
  const SOURCE_PREFIX = "Source: ";
  const NOT_REVIEWED = /^No clinician has reviewed this article yet\.?$/;
  const PHONE = /(?<![\w.,:/-])\+?\d(?:[ -]?\d){2,14}(?![\w/]|[.,:-]\d)/g;

  const page = document.body;
  const disclaimer = page.dataset.disclaimer || "";
  const [log, typing, form, field, send] = ["log", "typing", "form", "text", "send"].map((id) => document.getElementById(id));
  let token = null;
  let busy = false;

  const make = (tag, className, ...children) => {
    const node = document.createElement(tag);
    if (className) node.className = className;
    node.append(...children);
    return node;
  };

  // Articles that this server keeps are opened here, whatever address it had when the index was built.
  const OWN_ARTICLE = /^https?:\/\/[^/]+(?:\/.*)?\/webhooks\/web\/(articles\/[^/?#]+(?:#[^#]*)?)$/;

  const safeAddress = (address) => {
    try {
      const own = OWN_ARTICLE.exec(address);
      const url = new URL(own ? own[1] : address, location.href);
      return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
    } catch {
      return null;
    }
  };

  const link = (text, address) => {
    const href = safeAddress(address);
    if (!href) return make("span", "", text);
    const node = make("a", "", text, make("span", "hidden", ` ${WORDS.newTab}`));
    node.href = href;
    node.target = "_blank";
    node.rel = "noopener noreferrer";
    return node;
  };

  // ---- talking to the server

  class Refused extends Error {
    constructor(status, detail) {
      super(detail.code || "failed");
      this.status = status;
      this.detail = detail;
    }
  }

  const post = async (path, body) => {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), PATIENCE_MS);
    try {
      const response = await fetch(path, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
        signal: stop.signal,
        credentials: "omit",
      });
      const text = await response.text();
      if (!response.ok) throw new Refused(response.status, (JSON.parse(text) || {}).error || {});
      return text;
    } finally {
      clearTimeout(timer);
    }
  };

  const session = async () => {
    if (!token) token = JSON.parse(await post("session", {})).token;
    return token;
  };

  const ask = async (message) => {
    try {
      return await post("messages", { token: await session(), ...message });
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 401) throw error;
      token = null; // The session has ended, or the server was started anew.
      return post("messages", { token: await session(), ...message });
    }
  };

  // ---- showing messages

  const show = (node) => {
    log.append(node);
    // The beginning of a long answer must be seen, so the new entry's top is brought into view, not its end.
    node.scrollIntoView({ block: "start" });
  };

  const entry = (who, className, ...children) => make("article", `entry ${className}`, make("span", "hidden", who), ...children);

  const showQuestion = (text) => show(entry(WORDS.you, "question", make("p", "", text)));

  const sourceLine = (passage, line) => {
    const text = passage ? [passage.title, passage.section].filter(Boolean).join(" › ") : line;
    const node = make("p", "source", `${WORDS.source}: `, passage ? link(text, passage.url) : text);
    if (passage && passage.reviewed) node.append(` · ${WORDS.reviewed} ${passage.reviewed}`);
    return node;
  };

  const table = ({ columns, rows, caption }) => {
    const head = make("tr", "");
    for (const column of columns || []) {
      const cell = make("th", "", String(column));
      cell.scope = "col";
      head.append(cell);
    }
    const body = make("tbody", "");
    for (const row of rows || []) {
      const line = make("tr", "");
      row.forEach((value, position) => {
        const cell = make(position ? "td" : "th", "", String(value));
        if (!position) cell.scope = "row";
        line.append(cell);
      });
      body.append(line);
    }
    const box = make("div", "table", make("table", "", make("thead", "", head), body));
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", caption || WORDS.table);
    return box;
  };

  // In an alarm every number becomes a link that calls it, or writes to it where the text says "text ...".
  const withNumbers = (line) => {
    const node = make("p", "");
    let end = 0;
    for (const match of line.matchAll(PHONE)) {
      const before = line.slice(0, match.index);
      const clause = before.split(/[.,;]/).pop();
      const scheme = /\btext\b/i.test(clause) && !/\bcall\b/i.test(clause) ? "sms:" : "tel:";
      const anchor = make("a", "call", match[0]);
      anchor.href = scheme + match[0].replace(/[^\d+]/g, "");
      node.append(line.slice(end, match.index), anchor);
      end = match.index + match[0].length;
    }
    node.append(line.slice(end));
    return node;
  };

  const suggestionButtons = (titles) => {
    const box = make("div", "suggestions");
    for (const { title, payload } of titles) {
      const button = make("button", "suggestion", title);
      button.type = "button";
      button.addEventListener("click", () => start(payload));
      box.append(button);
    }
    return box;
  };

  // The text of a whole table repeats it row by row; those lines give way to the real table.
  const isRow = (line, { rows = [] }) =>
    rows.some((row) => line.startsWith(`${row[0]} – `) && row.every((cell) => line.includes(cell)));

  const choices = (event) => {
    const answer = event.answer || {};
    const found = [...(event.buttons || []), ...(answer.suggestions || []).map((text) => ({ title: text, payload: text }))];
    const seen = new Set();
    return found.filter(({ payload }) => !seen.has(payload) && seen.add(payload));
  };

  const showMessage = (event) => {
    const answer = event.answer || {};
    const alarm = answer.kind === "emergency" || answer.kind === "crisis";
    const card = entry(WORDS.bot, alarm ? "alarm" : `reply ${answer.kind || ""}`);
    if (alarm) card.append(make("h2", "", WORDS[answer.kind]));
    const passages = [...(answer.passages || [])];
    let pending = answer.table || null;
    let last = "";
    for (const line of event.text.split("\n")) {
      if (!line.trim()) continue;
      if (line === disclaimer || line === answer.disclaimer) last = line;
      else if (answer.table && isRow(line, answer.table)) {
        if (pending) card.append(table(pending));
        pending = null;
      } else if (line.startsWith(SOURCE_PREFIX)) card.append(sourceLine(passages.shift(), line.slice(SOURCE_PREFIX.length)));
      else if (NOT_REVIEWED.test(line)) card.append(make("p", "review", line));
      else card.append(alarm ? withNumbers(line) : make("p", "", line));
    }
    if (pending) card.append(table(pending));
    if (last) card.append(make("p", "disclaimer", last));
    const buttons = choices(event);
    if (buttons.length) card.append(suggestionButtons(buttons));
    show(card);
  };

  const showError = (message, text, retry) => {
    const card = entry(WORDS.bot, "error");
    for (const line of text.split("\n")) card.append(make("p", line === disclaimer ? "disclaimer" : "", line));
    if (retry) {
      const button = make("button", "retry", WORDS.retry);
      button.type = "button";
      button.addEventListener("click", () => {
        card.remove();
        field.focus();
        deliver(message);
      });
      card.append(button);
    }
    show(card);
  };

  // ---- one message

  const working = (on) => {
    busy = on;
    send.setAttribute("aria-disabled", String(on));
    typing.hidden = !on;
    typing.textContent = on ? WORDS.typing : "";
  };

  const showEvents = (lines, message) => {
    const events = lines.split("\n").filter(Boolean).map((line) => JSON.parse(line));
    for (const event of events) {
      if (event.event === "message") showMessage(event);
      if (event.event === "error") showError(message, event.text, event.retry);
    }
    if (!events.some(({ event }) => event === "done" || event === "error")) throw new Error("incomplete");
  };

  const deliver = async (message) => {
    if (busy) return;
    working(true);
    try {
      showEvents(await ask(message), message);
    } catch (error) {
      const told = error instanceof Refused && error.detail.message;
      const text = told || WORDS.failed;
      showError(message, text.includes(disclaimer) ? text : `${text}\n${disclaimer}`, !told || error.status >= 429);
    } finally {
      working(false);
    }
  };

  const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");

  function start(text) {
    const words = text.trim();
    if (busy || !words) return;
    showQuestion(words);
    field.value = "";
    field.focus();
    deliver({ id: newId(), text: words });
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    start(field.value);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      start(field.value);
    }
  });
  const examples = document.getElementById("examples");
  for (const button of examples.querySelectorAll("button")) {
    button.addEventListener("click", () => start(button.textContent));
  }
  examples.hidden = false;
  form.hidden = false;
})();
