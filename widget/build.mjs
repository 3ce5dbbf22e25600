// Builds ../addons/channels/static/widget.js from src/. `--check` writes nothing and fails when the committed file differs.
//
// The first line of the bundle holds two hashes (SHA-256, the first 32 digits): of everything it is built from and of the code that follows.
// tests/browser/test_widget_bundle.py computes both without node, so a forgotten build is noticed everywhere.
import { build, transform } from "esbuild";
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const HERE = new URL("./", import.meta.url);
const BUNDLE = new URL("../addons/channels/static/widget.js", HERE);
const LIMIT = 14_000; // bytes, gzip

// Half of it is plenty to notice a change by; the other half would only be carried to every reader.
const sha256 = (data) => createHash("sha256").update(data).digest("hex").slice(0, 32);

// Each file's name and content count, in the order of the names.
async function sourceHash() {
  const sources = (await readdir(new URL("src/", HERE))).map((name) => `src/${name}`);
  const files = [...sources, "build.mjs", "package-lock.json", "tsconfig.json"].sort();
  const parts = await Promise.all(files.map(async (name) => `${name} ${sha256(await readFile(new URL(name, HERE)))}\n`));
  return sha256(parts.join(""));
}

// The style sheet becomes a string: it is adopted by the shadow root, a page's style-src never sees it.
const styleSheet = {
  name: "style-sheet",
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), { loader: "css", minify: true });
      // esbuild leaves the spaces in values of custom properties, where none of ours needs them.
      return { contents: code.trim().replace(/(--[\w-]+): /g, "$1:").replaceAll(", ", ","), loader: "text" };
    }),
};

const { outputFiles } = await build({
  absWorkingDir: new URL(".", HERE).pathname.replace(/%20/g, " "),
  entryPoints: ["src/index.ts"],
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  plugins: [styleSheet],
  write: false,
});
const code = outputFiles[0].text;
const bundle = `/*! health-chat, Apache-2.0, built from widget/: source ${await sourceHash()} code ${sha256(code)} */\n${code}`;
const size = gzipSync(bundle, { level: 9 }).length;
if (size > LIMIT) throw new Error(`The bundle has ${size} bytes after gzip, more than ${LIMIT}.`);
if (process.argv.includes("--check")) {
  if ((await readFile(BUNDLE, "utf8")) !== bundle) throw new Error("widget.js does not fit its source: run `npm run build` in widget/.");
} else {
  await writeFile(BUNDLE, bundle);
}
console.log(`widget.js: ${bundle.length} bytes, ${size} after gzip`);
