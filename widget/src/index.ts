// Defines <health-chat>; a script tag with `data-server` also puts one into the page.
import { HealthChat, script } from "./element";

const NAME = "health-chat";
const COPIED = ["server", "strings", "theme", "position", "storage", "dir", "lang"];

if (!customElements.get(NAME)) customElements.define(NAME, HealthChat);

if (script && script.dataset["server"] !== undefined) {
  const element = document.createElement(NAME);
  for (const name of COPIED) {
    const value = script.dataset[name];
    if (value !== undefined) element.setAttribute(name, value);
  }
  if (document.body) document.body.append(element);
  else document.addEventListener("DOMContentLoaded", () => document.body.append(element));
}
