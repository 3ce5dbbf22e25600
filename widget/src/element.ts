// The custom element <health-chat>: a launcher with a panel, or with mode="inline" the panel alone.
import { Api } from "./api";
import { Conversation } from "./conversation";
import { attributes, ICONS, iconButton, make } from "./dom";
import { ForgetDialog } from "./forget_dialog";
import { Panel } from "./panel";
import { loadStrings, type Strings } from "./strings";
import css from "./style.css";
import { TokenStore } from "./token_store";
import { Transcript } from "./transcript";
import type { Choice } from "./wire";

// The same condition as in style.css: the panel covers the whole window and the page behind it cannot be reached.
const FULL_SCREEN = "(max-width: 480px), (max-height: 480px)";
// Where this script came from, `…/webhooks/web/static/widget.js`, tells the server that an element does not name.
const OWN_SERVER = scriptFolder();

const sheet = new CSSStyleSheet();
sheet.replaceSync(css);

export class HealthChat extends HTMLElement {
  static readonly observedAttributes = ["open"];

  #begun = false;
  #panel: Panel | null = null;
  #launcher: HTMLButtonElement | null = null;
  #conversation: Conversation | null = null;

  connectedCallback(): void {
    if (this.#begun) return;
    this.#begun = true;
    void this.#begin();
  }

  attributeChangedCallback(): void {
    this.#showPanel();
  }

  /** Open the panel. */
  open(): void {
    this.setAttribute("open", "");
  }

  /** Close the panel. */
  close(): void {
    this.removeAttribute("open");
  }

  async #begin(): Promise<void> {
    const server = serverAddress(this.getAttribute("server"));
    if (!server) {
      console.error("health-chat: set `server` to the address of the chat, e.g. https://chat.example.org/webhooks/web/");
      return;
    }
    this.#build(server, await loadStrings(this.getAttribute("strings")));
    if (this.#inline) void this.#conversation?.restore();
    else this.#showPanel();
  }

  get #inline(): boolean {
    return this.getAttribute("mode") === "inline";
  }

  #build(server: string, strings: Strings): void {
    const api = new Api(server, new TokenStore(server, this.getAttribute("storage") !== "none"));
    const ask = (choice: Choice) => {
      const asked = conversation.ask(choice);
      if (asked) panel.field.focus();
      return asked;
    };
    const transcript = new Transcript({
      server,
      strings,
      locale: this.lang || document.documentElement.lang || "en",
      choose: ask,
      rate: (answer, rating, comment) => conversation.rate(answer, rating, comment),
      tell: (text) => panel.tell(text),
    });
    const conversation = new Conversation(api, transcript, strings, {
      working: (text) => panel.working(text),
      focus: () => panel.field.focus(),
    });
    const forget = new ForgetDialog(strings, {
      storedData: () => api.storedData(),
      forget: () => conversation.forget(),
      closed: () => panel.focus(),
    });
    const panel = new Panel(strings, transcript.log, {
      submit: (text) => ask({ title: text, payload: text }),
      forget: () => forget.open(),
      ...(this.#inline ? {} : { close: () => this.close() }),
    });
    this.#panel = panel;
    this.#conversation = conversation;
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    root.append(make("div", "root", this.#inline ? panel.root : this.#region(strings, panel), forget.root));
  }

  /** The launcher and its panel, as a landmark of the page. */
  #region(strings: Strings, panel: Panel): HTMLElement {
    const launcher = iconButton("launcher", ICONS.chat, strings.launch, () => this.toggleAttribute("open"));
    this.#launcher = attributes(launcher, { "aria-haspopup": "dialog", "aria-expanded": "false" });
    // The browser closes a dialog by itself too, e.g. with Android's back gesture.
    panel.root.addEventListener("close", () => this.close());
    return attributes(make("section", "", launcher, panel.root), { "aria-label": strings.heading });
  }

  /** Bring the panel in line with the attribute `open`. */
  #showPanel(): void {
    const dialog = this.#panel?.root;
    if (!(dialog instanceof HTMLDialogElement) || dialog.open === this.hasAttribute("open")) return;
    const opening = !dialog.open;
    if (this.#launcher) this.#launcher.ariaExpanded = String(opening);
    if (opening) {
      if (matchMedia(FULL_SCREEN).matches) dialog.showModal();
      else dialog.show();
      this.#panel?.focus();
      void this.#conversation?.restore();
    } else {
      dialog.close();
      this.#launcher?.focus();
    }
  }
}

function scriptFolder(): string {
  const script = document.currentScript;
  return script instanceof HTMLScriptElement && script.src ? new URL("../", script.src).href : "";
}

/** Return the channel's address with a slash at its end, or null. Without a path, Rasa's usual one is meant. */
function serverAddress(value: string | null): string | null {
  try {
    const url = new URL(value || OWN_SERVER, document.baseURI);
    if (!/^https?:$/.test(url.protocol)) return null;
    const path = url.pathname === "/" ? "/webhooks/web/" : url.pathname.replace(/\/?$/, "/");
    return url.origin + path;
  } catch {
    return null;
  }
}
