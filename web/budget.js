// Fails the build when the page's JavaScript outgrows what a phone should have to fetch.
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const LIMIT = 100_000;
const folder = new URL("../viralclip/page/assets/", import.meta.url);
const scripts = readdirSync(folder).filter((name) => name.endsWith(".js"));
const size = scripts.reduce((sum, name) => sum + gzipSync(readFileSync(new URL(name, folder))).length, 0);

console.log(`JavaScript: ${(size / 1000).toFixed(1)} kB gzipped of ${LIMIT / 1000} kB`);
if (size > LIMIT) process.exit(1);
