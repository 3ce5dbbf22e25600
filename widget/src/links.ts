// Addresses and telephone numbers that came in a message.
import { attributes, make, unseen } from "./dom";
import { fill, type Strings } from "./strings";

// Articles that the server keeps are opened there, whatever address it had when its index was built.
const OWN_ARTICLE = /^https?:\/\/[^/]+(?:\/.*)?\/webhooks\/web\/(articles\/[^/?#]+(?:#[^#]*)?)$/;
const PHONE = /(?<![\w.,:/-])\+?\d(?:[ -]?\d){2,14}(?![\w/]|[.,:-]\d)/g;

function safeAddress(address: string, server: string): string | null {
  try {
    const url = new URL(OWN_ARTICLE.exec(address)?.[1] ?? address, server);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}

/** A link to a source; plain text where the address is none that may be opened. */
export function sourceLink(text: string, address: string, server: string, strings: Strings): HTMLElement {
  const href = safeAddress(address, server);
  if (!href) return make("span", "", text);
  return attributes(make("a", "", text, unseen(` ${strings.newTab}`)), {
    href,
    target: "_blank",
    rel: "noopener noreferrer",
  });
}

/**
 * Cut a line of an alarm into text and links that call the numbers in it, or write to them where it says "text ...".
 * Only numbers that the server named become links.
 */
export function withNumbers(line: string, strings: Strings): (string | HTMLElement)[] {
  const parts: (string | HTMLElement)[] = [];
  let end = 0;
  for (const match of line.matchAll(PHONE)) {
    const number = match[0];
    const clause = line.slice(0, match.index).split(/[.,;]/).pop() ?? "";
    const write = /\btext\b/i.test(clause) && !/\bcall\b/i.test(clause);
    const link = make("a", "call", number);
    parts.push(line.slice(end, match.index), link);
    attributes(link, {
      href: (write ? "sms:" : "tel:") + number.replace(/[^\d+]/g, ""),
      "aria-label": fill(write ? strings.text : strings.call, { number }),
    });
    end = match.index + number.length;
  }
  parts.push(line.slice(end));
  return parts;
}
