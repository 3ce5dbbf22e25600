// What the widget itself says. A publisher replaces any of it; what is left out stays English.
import english from "./strings.en.json";

export type Strings = Omit<typeof english, "examples"> & { readonly examples: readonly string[] };

/** Take over every known key that has the right type; anything else is left as it is. */
function merge(given: unknown): Strings {
  const merged: Record<string, unknown> = { ...english };
  for (const [key, value] of Object.entries(given ?? {})) {
    if (key === "examples" && Array.isArray(value)) merged[key] = value.filter((item) => typeof item === "string");
    else if (key in english && key !== "examples" && typeof value === "string") merged[key] = value;
    else console.warn(`health-chat: the string "${key}" is not known or has the wrong type.`);
  }
  return merged as Strings;
}

/**
 * Return the strings of the attribute `strings`: JSON itself, or the address of a JSON file.
 * A file that cannot be read is reported on the console and leaves the widget in English.
 */
export async function loadStrings(attribute: string | null): Promise<Strings> {
  const value = attribute?.trim();
  if (!value) return merge({});
  try {
    if (value.startsWith("{")) return merge(JSON.parse(value));
    const response = await fetch(value, { credentials: "omit" });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return merge(await response.json());
  } catch (error) {
    console.error(`health-chat: the strings cannot be read (${error}); English is used.`);
    return merge({});
  }
}

/** Put values into the places that a string names in braces. */
export function fill(template: string, values: Record<string, string | number>): string {
  return template.replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}
