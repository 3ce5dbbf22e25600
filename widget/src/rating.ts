// Thumbs, an optional comment, and copying: what stands at the end of a card.
import { attributes, ICONS, iconButton, make, makeButton } from "./dom";
import type { Strings } from "./strings";
import type { Rating } from "./wire";

const COMMENT_LIMIT = "1000";
const COPIED_MS = 2000;

/**
 * Return a bar with both thumbs and, after a choice, a field for a comment.
 *
 * @param given what the reader chose before.
 * @param save stores rating and comment; it rejects when that failed.
 */
export function ratingBar(
  strings: Strings,
  given: Rating | undefined,
  save: (rating: Rating, comment: string) => Promise<void>,
  tell: (text: string) => void,
): HTMLElement {
  let chosen = given;
  const thumb = (rating: Rating) => iconButton(rating, ICONS.thumb, strings[rating], () => void choose(rating));
  const thumbs: Record<Rating, HTMLButtonElement> = { up: thumb("up"), down: thumb("down") };
  const form = commentForm(strings, async (comment) => {
    await save(chosen ?? "up", comment);
    tell(strings.thanks);
    thumbs[chosen ?? "up"].focus();
  });
  const show = () => {
    for (const rating of ["up", "down"] as const) thumbs[rating].ariaPressed = String(chosen === rating);
  };
  const choose = async (rating: Rating) => {
    const before = chosen;
    chosen = rating;
    show();
    try {
      if (before !== rating) await save(rating, "");
      form.hidden = false;
      tell(strings.thanks);
    } catch {
      chosen = before;
      show();
      tell(strings.notSaved);
    }
  };
  show();
  return make("div", "rating", thumbs.up, thumbs.down, form);
}

function commentForm(strings: Strings, send: (comment: string) => Promise<void>): HTMLFormElement {
  const field = attributes(make("textarea"), { rows: "2", maxlength: COMMENT_LIMIT, dir: "auto" });
  const submit = make("button", "choice", strings.sendComment);
  const problem = attributes(make("p", "problem"), { role: "status" });
  const form = make("form", "comment", make("label", "", strings.comment, field), submit, problem);
  form.hidden = true;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const comment = field.value.trim();
    if (!comment || submit.ariaDisabled === "true") return;
    submit.ariaDisabled = "true";
    problem.textContent = "";
    try {
      await send(comment);
      field.value = "";
      form.hidden = true;
    } catch {
      problem.textContent = strings.notSaved;
    }
    submit.ariaDisabled = "false";
  });
  return form;
}

/** A button that copies a message; the clipboard is there on pages served over HTTPS only. */
export function copyButton(strings: Strings, text: string, tell: (text: string) => void): HTMLElement[] {
  if (!navigator.clipboard) return [];
  const button = makeButton("copy", strings.copy, async () => {
    let told = strings.copied;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      told = strings.copyFailed;
    }
    button.textContent = told;
    tell(told);
    window.setTimeout(() => (button.textContent = strings.copy), COPIED_MS);
  });
  return [button];
}
