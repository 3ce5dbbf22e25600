// The custom element <health-chat>: a launcher with a panel, or with mode="inline" the panel alone.
import { Api } from "./api";
import { type Chat, makeChat } from "./chat";
import { attributes, ICONS, iconButton, make } from "./dom";
import { loadStrings } from "./strings";
import css from "./style.css";
import { TokenStore } from "./token_store";

// The same condition as in style.css: the panel covers the whole window and the page behind it cannot be reached.
const FULL_SCREEN = "(max-width: 480px), (max-height: 480px)";
// Where this script came from, `…/webhooks/web/static/widget.js`, tells the server that an element does not name.
export const script = document.currentScript as HTMLScriptElement | null;
const OWN_SERVER = script?.src && new URL("../", script.src).href;

const sheet = new CSSStyleSheet();
sheet.replaceSync(css);

export class HealthChat extends HTMLElement {
  static readonly observedAttributes = ["open"];

  #begun = false;
  #launcher: HTMLButtonElement | null = null;
  #chat: Chat | null = null;
  #makeChat!: () => Chat;

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
    const strings = await loadStrings(this.getAttribute("strings"));
    const inline = this.getAttribute("mode") === "inline";
    const root = make(inline ? "div" : "section", "root");
    this.#makeChat = () => {
      const api = new Api(server, new TokenStore(server, this.getAttribute("storage") !== "none"));
      const locale = this.lang || document.documentElement.lang || "en";
      const chat = makeChat(api, strings, locale, inline ? undefined : () => this.close());
      root.append(...chat.nodes);
      return chat;
    };
    if (inline) void this.#makeChat().restore();
    else {
      root.ariaLabel = strings.heading;
      root.append((this.#launcher = this.#makeLauncher(strings.launch)));
    }
    const shadow = this.attachShadow({ mode: "open" });
    shadow.adoptedStyleSheets = [sheet];
    shadow.append(root);
    this.#showPanel();
  }

  #makeLauncher(label: string): HTMLButtonElement {
    // The second click of a double click must not close what the first one opened.
    const launcher = iconButton("launcher", ICONS.chat, label, ({ detail }) => detail > 1 || this.toggleAttribute("open"));
    return attributes(launcher, { "aria-haspopup": "dialog", "aria-expanded": "false" });
  }

  /** Bring the panel in line with the attribute `open`. */
  #showPanel(): void {
    const launcher = this.#launcher;
    const opening = this.hasAttribute("open");
    if (!launcher || opening === (launcher.ariaExpanded === "true")) return;
    launcher.ariaExpanded = String(opening);
    // Made when it is opened first: most readers of a page never do, and none should wait for it.
    const { panel, restore } = (this.#chat ??= this.#makeChat());
    const dialog = panel.root as HTMLDialogElement;
    if (opening) {
      if (matchMedia(FULL_SCREEN).matches) dialog.showModal();
      else dialog.show();
      panel.focus();
      void restore();
    } else {
      dialog.close();
      launcher.focus();
    }
  }
}

/** Return the channel's address with a slash at its end, or null. Without a path, Rasa's usual one is meant. */
function serverAddress(value: string | null): string | null {
  try {
    const url = new URL(value || OWN_SERVER || "", document.baseURI);
    if (!/^https?:$/.test(url.protocol)) return null;
    const path = url.pathname === "/" ? "/webhooks/web/" : url.pathname.replace(/\/?$/, "/");
    return url.origin + path;
  } catch {
    return null;
  }
}
